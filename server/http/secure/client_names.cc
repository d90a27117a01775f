#include "server/http/secure/client_names.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace firn::server {

namespace {

void DeleteRules(void*, void* rules, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<ClientRules*>(rules);
}

// The place of the rules in a context, which then owns them.
int RulesIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, DeleteRules);
  return index;
}

std::string NameText(const GENERAL_NAME& name) {
  const ASN1_STRING* text = nullptr;
  if (name.type == GEN_DNS) text = name.d.dNSName;
  if (name.type == GEN_EMAIL) text = name.d.rfc822Name;
  if (name.type == GEN_URI) text = name.d.uniformResourceIdentifier;
  if (name.type == GEN_IPADD) text = name.d.iPAddress;
  if (text == nullptr) return "";
  const unsigned char* data = ASN1_STRING_get0_data(text);
  const auto size = static_cast<size_t>(ASN1_STRING_length(text));
  if (name.type != GEN_IPADD) return std::string(reinterpret_cast<const char*>(data), size);
  if (size != 4 && size != 16) return "";
  char out[INET6_ADDRSTRLEN];
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, data, out, sizeof(out)) == nullptr ? "" : out;
}

bool HasAllowedName(const X509* certificate, const std::vector<std::string>& allowed) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  if (names == nullptr) return false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = NameText(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && std::find(allowed.begin(), allowed.end(), name) != allowed.end()) {
      return true;
    }
  }
  return false;
}

int Verify(int chain_is_good, X509_STORE_CTX* store) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto* rules =
      static_cast<const ClientRules*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), RulesIndex()));
  if (chain_is_good == 0 && rules->verify) return 0;
  if (X509_STORE_CTX_get_error_depth(store) != 0 || rules->allowed.empty()) return 1;
  const X509* certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate != nullptr && HasAllowedName(certificate, rules->allowed)) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

}  // namespace

void CheckClientNames(ssl_ctx_st* context, int mode, ClientRules rules) {
  auto kept = std::make_unique<ClientRules>(std::move(rules));
  FIRN_CHECK(SSL_CTX_set_ex_data(context, RulesIndex(), kept.get()) == 1);
  kept.release();
  SSL_CTX_set_verify(context, mode, Verify);
}

}  // namespace firn::server
