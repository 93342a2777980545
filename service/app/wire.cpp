#include "service/app/wire.h"

#include <fmt/core.h>
#include <unistd.h>

#include <array>

#include "connectors/hr/csv_source.h"
#include "connectors/okta/client.h"
#include "connectors/okta/forecast.h"
#include "service/app/credentials.h"
#include "service/base/seal.h"
#include "service/journal/pg_journal.h"

namespace rollcall {
namespace {

CsvSourceOptions csv_options(const SourceSettings& source, const AttrSchema& hr) {
  CsvSourceOptions options{.name = source.name,
                           .path = source.path,
                           .delimiter = source.delimiter,
                           .encoding = source.encoding,
                           .key = source.key,
                           .columns = source.columns,
                           .certify = {},
                           .hr_schema = hr};
  const CertifySettings& certify = source.certify;
  options.certify.min_rows = certify.min_rows;
  options.certify.max_drop_percent = certify.max_drop_percent;
  options.certify.max_fill_drop_points = certify.max_fill_drop_points;
  options.certify.trailer = certify.trailer;
  options.certify.control_file = certify.control_file;
  return options;
}

Result<void> open_journal(const Program& program, Wired& wired) {
  const JournalSettings& settings = wired.settings.journal;
  PgJournalOptions options;
  auto dsn = journal_dsn(wired.settings);
  if (!dsn) return dsn.error();
  options.dsn = std::move(*dsn);
  if (!settings.key.empty()) {
    const auto text = resolve(settings.key);
    if (!text) return text.error();
    auto key = key_from_text(text->reveal());
    if (!key) return key.error();
    wired.digest_key = key->reveal();
    options.key = std::move(*key);
  }
  options.clock = &program.clock();
  options.stop = program.stop();
  auto journal = open_pg_journal(options);
  if (!journal) return journal.error();
  wired.journal = std::move(*journal);
  return ok();
}

/// Dry runs open only the read credential, if there is one.
Result<AuthSettings> credential(const OktaSettings& okta, bool write) {
  if (write) {
    if (!okta.write) {
      return make_error(ErrorCode::secret_unavailable,
                        "the configuration holds no okta.auth.write: it can only make dry runs");
    }
    return *okta.write;
  }
  return okta.read ? *okta.read : *okta.write;
}

Result<void> open_org(const Program& program, Wired& wired, const WireOptions& what) {
  const auto auth = credential(wired.settings.okta, what.write);
  if (!auth) return auth.error();
  OktaOptions options;
  options.base_url = wired.settings.okta.base_url;
  options.ca_file = wired.settings.okta.ca_file;
  options.capacity = wired.settings.okta.capacity;
  options.version = ROLLCALL_VERSION;
  set_credential(options, wired.settings, *auth, what.write, what.scopes);
  options.clock = &program.clock();
  options.log = &program.log();
  auto opened = OktaDirectory::open(std::move(options));
  if (!opened) return opened.error();
  OktaDirectory* directory = opened->get();
  wired.directory = std::move(*opened);
  wired.okta = directory;
  wired.forecast = [directory](OperationCursor& operations) {
    return forecast(operations, directory->rate_state());
  };
  return ok();
}

}  // namespace

PlanningParts Wired::parts(const Program& program) const {
  PlanningParts parts;
  parts.settings = &settings;
  parts.source = source.get();
  parts.directory = directory.get();
  parts.journal = journal.get();
  parts.clock = &program.clock();
  parts.log = &program.log();
  parts.forecast = forecast;
  parts.digest_key = digest_key;
  return parts;
}

Result<std::unique_ptr<Wired>> wire(const Program& program, Settings settings,
                                    const WireOptions& options) {
  auto wired = std::make_unique<Wired>();
  wired->settings = std::move(settings);
  if (options.journal) {
    if (const auto opened = open_journal(program, *wired); !opened) return opened.error();
  }
  if (options.org) {
    wired->source =
        make_csv_source(csv_options(wired->settings.sources.front(), wired->settings.hr_schema));
    if (const auto opened = open_org(program, *wired, options); !opened) return opened.error();
  }
  return wired;
}

Result<Secret> journal_dsn(const Settings& settings) {
  if (settings.journal.postgres.empty()) {
    return make_error(ErrorCode::config_missing_key,
                      "the configuration holds no journal: only `plan --no-journal` is possible",
                      "journal.postgres");
  }
  return resolve(settings.journal.postgres);
}

std::string holder_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), ::getpid());
}

}  // namespace rollcall
