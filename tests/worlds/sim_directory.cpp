#include "tests/worlds/sim_directory.h"

#include "connectors/okta/codec.h"
#include "connectors/okta/listing.h"

namespace rollcall::worlds {

Result<ScanSummary> SimDirectory::observe(const ScanScope& scope, DirectorySink& sink,
                                          std::stop_token /*stop*/) {
  Listing listing(scope, sink, SimWorld::kBaseUrl, world_.clock.wall());
  while (!listing.done()) {
    for (ListRequest& request : listing.ready()) {
      world_.clock.advance(request.delay_ms);
      listing.answered(request.token, send_(request.request));
    }
  }
  return listing.finish();
}

void SimDirectory::submit(std::span<const Operation* const> request, CompletionSink& sink) {
  const auto encoded = encode(request);
  Outcome outcome;
  if (encoded) {
    outcome = classify(*request.front(), send_(*encoded));
  } else {
    outcome.code = encoded.error().code;
    outcome.message = encoded.error().message;
  }
  for (const Operation* op : request) {
    Completion completion;
    completion.operation = op->id;
    completion.outcome = outcome;
    sink.completed(std::move(completion));
  }
}

void SimDirectory::probe(const Operation& operation, CompletionSink& sink) {
  const auto encoded = encode_probe(operation);
  Completion completion;
  completion.operation = operation.id;
  completion.probe = true;
  if (encoded) {
    completion = read_probe(operation, send_(*encoded));
  } else {
    completion.outcome.code = encoded.error().code;
  }
  sink.completed(std::move(completion));
}

}  // namespace rollcall::worlds
