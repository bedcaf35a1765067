// SPDX-License-Identifier: Apache-2.0
#include "thor/image/format/bzip_stream.h"

#include <bzlib.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "thor/base/error.h"

namespace thor {
namespace {

constexpr size_t kPackedAtOnce = size_t{1} << 16;
constexpr char kBzipStart = 'B';

}  // namespace

struct BzipStream::State {
  explicit State(Source source) : next(std::move(source)), input(kPackedAtOnce) { start(); }
  ~State() { BZ2_bzDecompressEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void start() {
    if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) fail_input("there is no memory to unpack it");
  }

  Source next;
  bz_stream stream{};
  std::vector<char> input;
  bool at_end = false;  ///< of a member
};

BzipStream::BzipStream(Source next) : state_(std::make_unique<State>(std::move(next))) {}
BzipStream::~BzipStream() = default;

int64_t BzipStream::bytes_waiting() const { return state_->stream.avail_in; }

size_t BzipStream::read_some(char* to, size_t count) {
  State& in = *state_;
  bz_stream& z = in.stream;
  size_t done = 0;
  while (done < count) {
    if (z.avail_in == 0) {
      z.avail_in = static_cast<unsigned>(in.next(in.input.data(), in.input.size()));
      z.next_in = in.input.data();
      if (z.avail_in == 0 && in.at_end) return done;
      if (z.avail_in == 0) fail_input("the compressed data end too early");
    }
    if (in.at_end) {
      // Another member may follow, as parallel bzip2 programs write them; other bytes are padding.
      if (*z.next_in != kBzipStart) return done;
      const auto waiting = std::pair(z.next_in, z.avail_in);
      BZ2_bzDecompressEnd(&z);
      z = {};
      in.start();
      std::tie(z.next_in, z.avail_in) = waiting;
      in.at_end = false;
    }
    const size_t part = std::min<size_t>(count - done, size_t{1} << 30);
    z.next_out = to + done;
    z.avail_out = static_cast<unsigned>(part);
    const int state = BZ2_bzDecompress(&z);
    done += part - z.avail_out;
    if (state == BZ_STREAM_END)
      in.at_end = true;
    else if (state != BZ_OK)
      fail_input("the compressed data are damaged");
  }
  return done;
}

}  // namespace thor
