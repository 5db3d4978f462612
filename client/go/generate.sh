#!/bin/sh
# Makes internal/ipcv1 from the schema; needs protoc and protoc-gen-go (Debian: protobuf-compiler,
# protoc-gen-go). A directory may be given to put it into instead.
set -eu
cd "$(dirname "$0")"
module=example.org/vt/client
protoc --proto_path=../../proto --go_out="${1-.}" --go_opt=module=$module \
  --go_opt=Mvt/ipc/v1/ipc.proto=$module/internal/ipcv1 vt/ipc/v1/ipc.proto
