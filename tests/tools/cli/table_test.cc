#include "tools/cli/table.h"

#include <gtest/gtest.h>

namespace firn::tools {
namespace {

Table Sample() {
  Table table({{"Resource", Align::kLeft, true}, {"Last value", Align::kRight}, {"State"}});
  table.AddRow(
      {"disk{host=\"db1\",mount=\"/var/lib/postgresql\"}", "91.2 %", {"late", Style::kRed}});
  table.AddRow({"cpu", "7 %", "ok"});
  return table;
}

TEST(TableTest, AlignsColumns) {
  EXPECT_EQ(Sample().Text({}),
            "RESOURCE                                      LAST VALUE  STATE\n"
            "disk{host=\"db1\",mount=\"/var/lib/postgresql\"}      91.2 %  late\n"
            "cpu                                                  7 %  ok\n");
}

TEST(TableTest, FoldsFlexibleColumnsToTheTerminal) {
  EXPECT_EQ(Sample().Text({.columns = 42}),
            "RESOURCE                 LAST VALUE  STATE\n"
            "disk{host=\"db1\",             91.2 %  late\n"
            "mount=\"/var/lib/\n"
            "postgresql\"}\n"
            "cpu                             7 %  ok\n");
}

TEST(TableTest, KeepsRigidColumnsWholeHoweverNarrowTheTerminal) {
  const std::string text = Sample().Text({.columns = 10});
  EXPECT_NE(text.find("91.2 %  late"), std::string::npos) << text;
}

TEST(TableTest, ColoursCellsWithoutMovingThem) {
  EXPECT_EQ(Sample().Text({.columns = 0, .colour = true}),
            "\033[1mRESOURCE\033[0m                                      \033[1mLAST VALUE\033[0m  "
            "\033[1mSTATE\033[0m\n"
            "disk{host=\"db1\",mount=\"/var/lib/postgresql\"}      91.2 %  \033[31mlate\033[0m\n"
            "cpu                                                  7 %  ok\n");
}

TEST(TableTest, WritesCsv) {
  Table table({{"Resource"}, {"Last value", Align::kRight}});
  table.AddRow({"a,\"b\"", "1"});
  EXPECT_EQ(table.Csv(), "resource,last_value\n\"a,\"\"b\"\"\",1\n");
}

TEST(TableTest, WritesMarkdown) {
  Table table({{"Resource"}, {"Last value", Align::kRight}});
  table.AddRow({"a|b_<i>", "1"});
  EXPECT_EQ(table.Markdown(),
            "| Resource | Last value |\n| --- | ---: |\n| a\\|b\\_\\<i\\> | 1 |\n");
}

}  // namespace
}  // namespace firn::tools
