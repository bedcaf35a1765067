// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "thor/base/file.h"
#include "thor/base/log.h"
#include "thor/cli/command.h"
#include "thor/cli/demo.h"
#include "thor/pipeline/model_place.h"

namespace thor {
namespace {

/// Only what an earlier demo left is removed; anything else in the folder stays.
void make_demo_folder(const std::string& folder) {
  make_folder(folder);
  for (const char* part : {"/maps-brains", "/phantoms", "/run", "/maps-thor", "/maps-ddpm"})
    std::filesystem::remove_all(folder + part);
}

void print_table(const std::vector<std::vector<std::string>>& table) {
  for (const auto& row : table) {
    for (size_t i = 0; i < row.size(); ++i) fmt::print("{:<{}}", row[i], i < 2 ? 10 : 4 + table[0][i].size());
    fmt::print("\n");
  }
}

void print_section(const PageSection& section) {
  fmt::print("{}\n", section.title);
  for (const PageTable& table : section.tables) print_table(table.rows);
  std::fflush(stdout);
}

PageSection under_way() {
  PageSection section;
  section.title = "The whole way on phantoms";
  section.text = "Under way: a small network is being trained. Load this page again when the program has finished.";
  return section;
}

int run(const DemoOptions& options) {
  make_demo_folder(options.output);
  Page page;
  page.title = "thor: a first look";
  page.introduction =
      "thor learns from healthy images only and marks what does not belong. Research software, not a medical device.";
  const std::string path = options.output + "/index.html";
  if (auto brains = demo_brains(options, model_folders())) {
    print_section(*brains);
    page.sections = {std::move(*brains), under_way()};
    write_page(path, page);
    info("the first part is in {} already", path);
    page.sections.pop_back();
  }
  page.sections.push_back(demo_phantoms(options));
  write_page(path, page);
  print_section(page.sections.back());
  fmt::print("{}\n", path);
  return 0;
}

}  // namespace

Command demo_command() {
  const auto o = std::make_shared<DemoOptions>();
  return {
      "demo",
      CommandGroup::Use,
      "a first look: a trained network on brains, then the whole way on synthetic slices",
      "Lets the model that ships look at the brains that ship with it, sampled ones with painted lesions, and writes\n"
      "OUT/index.html, one file with all pictures in it, to be looked at after seconds. Then makes phantoms, trains a\n"
      "small model on the healthy ones (some two minutes on two idle cores), lets THOR and plain DDPM look for the\n"
      "lesions in the others, prints Dice by lesion size and adds them to the page. A demo that is already in OUT is\n"
      "replaced.",
      {{"demo demo", "as `make demo` does"},
       {"demo demo --set train.steps=2000 --set phantom.train=500", "a better model"}},
      {{"OUT", "", "folder to write to", &o->output, true},
       {"--config", "YAML", "experiment file (default: configs/phantom.yaml)", &o->config},
       set_option(o->sets, "any key of the experiment, phantom.*"),
       seed_option(o->seed),
       device_option(o->device)},
      [o] { return run(*o); }};
}

}  // namespace thor
