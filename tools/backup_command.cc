#include "tools/backup_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "storage/kv/backup/repository.h"
#include "storage/kv/store.h"
#include "tools/cli/command_help.h"
#include "tools/cli/human.h"
#include "tools/cli/progress.h"
#include "tools/cli/table.h"
#include "tools/server_access.h"

namespace firn::tools {
namespace {

using storage::BackupInfo;

constexpr int kFailed = 1;
constexpr int kUnreachable = 3;

struct BackupOptions {
  std::string data;
  std::string repository;
  ServerAccess access;  // Without a URL no server is asked.
  uint64_t keep = 0;
  bool list = false;
  bool check = false;
  bool json = false;
};

struct RestoreOptions {
  std::string repository;
  std::string data;
  std::string id;
  bool json = false;
};

// A bar of bytes, for calls that report each piece.
storage::BackupProgress Counting(Progress* progress) {
  return [progress](uint64_t bytes) { progress->Add(bytes); };
}

std::string Json(const BackupInfo& info) {
  return fmt::format(R"({{"id":"{}","files":{},"bytes":{},"new_files":{},"new_bytes":{}}})",
                     info.id, info.files, info.bytes, info.new_files, info.new_bytes);
}

int Fail(const char* command, const Status& status) {
  fmt::print(stderr, "firn {}: {}\n", command, status.message());
  return status.code() == StatusCode::kUnavailable ? kUnreachable : kFailed;
}

// A directory in `snapshots` of the data directory, removed with this.
class SnapshotDirectory {
 public:
  explicit SnapshotDirectory(std::string path) : path_(std::move(path)) {}
  ~SnapshotDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SnapshotDirectory(const SnapshotDirectory&) = delete;
  SnapshotDirectory& operator=(const SnapshotDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

// The server that has the directory open makes the snapshot.
Result<std::string> AskServer(const BackupOptions& options) {
  FIRN_ASSIGN_OR_RETURN(ServerClient server, MakeClient(options.access));
  FIRN_ASSIGN_OR_RETURN(
      const HttpAnswer answer,
      server.client.Post(server.prefix + "/api/v1/admin/tsdb/snapshot", "", "", ""));
  constexpr std::string_view kKey = R"("name":")";
  const size_t key = answer.body.find(kKey);
  if (answer.status != 200 || key == std::string::npos) {
    return Io("the server answered {}: {}", answer.status, answer.body);
  }
  const size_t begin = key + kKey.size();
  const std::string name = answer.body.substr(begin, answer.body.find('"', begin) - begin);
  std::string path = options.data + "/snapshots/" + name;
  if (name.find('/') != std::string::npos || !std::filesystem::exists(path)) {
    return NotFound("{} does not exist: is {} the data directory of the server?", path,
                    options.data);
  }
  return path;
}

// Nobody has the directory open, so this process does.
Result<std::string> OpenAndCopy(const BackupOptions& options, TimestampMs now) {
  storage::StoreOptions store_options;
  store_options.path = options.data;
  store_options.create_if_missing = false;
  Result<std::unique_ptr<storage::Store>> store = storage::Store::Open(store_options);
  if (!store.ok() && store.status().code() == StatusCode::kUnavailable) {
    return Unavailable("{}; name it with --server", store.status().message());
  }
  if (!store.ok()) return store.status();
  std::string path = options.data + "/snapshots/" + storage::BackupId(now);
  FIRN_RETURN_IF_ERROR((*store)->Snapshot(path));
  FIRN_RETURN_IF_ERROR((*store)->Close());
  return path;
}

int List(const BackupOptions& options) {
  const auto backups = storage::ListBackups(options.repository);
  if (!backups.ok()) return Fail("backup", backups.status());
  Table table({{"Backup"}, {"Files", Align::kRight}, {"Size", Align::kRight}});
  for (const BackupInfo& backup : *backups) {
    if (options.json) fmt::print("{}\n", Json(backup));
    table.AddRow(
        {backup.id, HumanCount(backup.files), HumanBytes(static_cast<double>(backup.bytes))});
  }
  if (options.json) return 0;
  if (table.rows() == 0) {
    fmt::print("(no backups in {})\n", options.repository);
  } else {
    fmt::print("{}", table.Text(LookOf(Stream::kOut)));
  }
  return 0;
}

int Check(const BackupOptions& options) {
  const auto backups = storage::ListBackups(options.repository);
  if (!backups.ok()) return Fail("backup", backups.status());
  int code = 0;
  for (const BackupInfo& backup : *backups) {
    Progress progress("reading", ProgressUnit::kBytes);
    const auto verified = storage::VerifyBackup(options.repository, backup.id, Counting(&progress));
    if (verified.ok()) {
      fmt::print("{}\n", options.json ? Json(*verified) : backup.id + "  intact");
    } else {
      code = Fail("backup", verified.status());
    }
  }
  return code;
}

int Backup(const BackupOptions& options) {
  const TimestampMs now = Clock::System()->NowMs();
  const auto made = options.access.url.empty() ? OpenAndCopy(options, now) : AskServer(options);
  if (!made.ok()) return Fail("backup", made.status());
  const SnapshotDirectory snapshot(*made);
  Result<BackupInfo> info = Unavailable("not begun");
  {
    Progress progress("reading", ProgressUnit::kBytes);
    info = storage::AddBackup(snapshot.path(), options.repository, now, Counting(&progress));
  }
  if (!info.ok()) return Fail("backup", info.status());
  if (options.keep > 0) {
    const auto pruned = storage::PruneBackups(options.repository, options.keep);
    if (!pruned.ok()) return Fail("backup", pruned.status());
  }
  if (options.json) {
    fmt::print("{}\n", Json(*info));
  } else {
    fmt::print("{}: {} files, {}; new: {} files, {}\n", info->id, HumanCount(info->files),
               HumanBytes(static_cast<double>(info->bytes)), HumanCount(info->new_files),
               HumanBytes(static_cast<double>(info->new_bytes)));
  }
  return 0;
}

int Restore(const RestoreOptions& options) {
  Result<BackupInfo> info = Unavailable("not begun");
  {
    Progress progress("restoring", ProgressUnit::kBytes);
    info =
        storage::RestoreBackup(options.repository, options.id, options.data, Counting(&progress));
  }
  if (!info.ok()) return Fail("restore", info.status());
  if (options.json) {
    fmt::print("{}\n", Json(*info));
  } else {
    fmt::print("{}: {} files, {}, all verified\n", info->id, HumanCount(info->files),
               HumanBytes(static_cast<double>(info->bytes)));
  }
  return 0;
}

void AddBackup(CLI::App& app, int* exit_code) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* command = app.add_subcommand("backup", "Copy a data directory into a repository");
  command->add_option("REPOSITORY", options->repository, "directory of all backups")
      ->required()
      ->type_name("DIR");
  auto* data = command->add_option("DATA", options->data, "data directory")->type_name("DIR");
  command->add_option("--server", options->access.url,
                      "URL of the server that has the directory open, if one has");
  AddAccessOptions(command, &options->access);
  command->add_option("--keep", options->keep, "then remove all backups but the newest so many")
      ->check(CLI::PositiveNumber);
  auto* list = command->add_flag("--list", options->list, "only list the backups");
  auto* check =
      command->add_flag("--check", options->check, "only read all backups and compare hashes");
  data->excludes(list)->excludes(check);
  command->add_flag("--json", options->json, "print JSON");
  SetHelp(command,
          {.examples = {{"firn backup /mnt/backup data --server http://127.0.0.1:9797 --keep 14",
                         "While a server runs, two weeks of daily backups"},
                        {"firn backup /mnt/backup --list", ""},
                        {"firn backup /mnt/backup --check", "Read all of it again"}},
           .exit_codes = {{0, "done"},
                          {1, "failed, or --check found damage"},
                          {2, "wrong arguments"},
                          {3, "server unreachable, or directory in use"}}});
  command->callback([options, exit_code] {
    if (options->list) {
      *exit_code = List(*options);
    } else if (options->check) {
      *exit_code = Check(*options);
    } else if (options->data.empty()) {
      throw CLI::RequiredError("DATA, --list or --check");
    } else {
      *exit_code = Backup(*options);
    }
  });
}

}  // namespace

void AddBackupCommands(CLI::App& app, int* exit_code) {
  AddBackup(app, exit_code);
  auto options = std::make_shared<RestoreOptions>();
  CLI::App* command = app.add_subcommand("restore", "Make a data directory of a backup");
  command->add_option("REPOSITORY", options->repository, "directory of all backups")
      ->required()
      ->type_name("DIR");
  command->add_option("DATA", options->data, "data directory, new or empty")
      ->required()
      ->type_name("DIR");
  command->add_option("--id", options->id,
                      "which backup, see `firn backup --list` (default: the "
                      "newest)");
  command->add_flag("--json", options->json, "print JSON");
  SetHelp(command, {.examples = {{"firn restore /mnt/backup ./new-data", "The newest"},
                                 {"firn restore /mnt/backup ./old-data --id 20260131T030000Z", ""}},
                    .exit_codes = {{0, "restored and verified"},
                                   {1, "failed; nothing in DATA is to be used"},
                                   {2, "wrong arguments"}}});
  command->callback([options, exit_code] { *exit_code = Restore(*options); });
}

}  // namespace firn::tools
