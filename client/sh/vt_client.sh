# Tell the task runner vt what the file system cannot show: for build scripts and wrappers in sh.
#
#   . ./vt_client.sh
#   vt_ignore_input .tool-cache
#
# POSIX sh; tested with dash, bash and busybox. A report starts no process; a question needs mv, dd, od
# and awk. Outside a runner, and when the runner is gone, every function does nothing and returns 0, but
# for vt_is_inside_runner, vt_get_env and vt_depend_on_…, which answer 1 for "no". All may be called in
# subshells, under `set -eu`, whatever IFS, the locale and the traps are. Names that begin with _vt_ are
# ours.
#
# The channel is described in proto/PROTOCOL.md of vt; the names of its parts are used here.

_vt_client_version=0.1.0
_vt_protocol_version=1

# Whose conversation this is: none yet.
_vt_pid=

# On whose behalf it is said: its own.
_vt_label=

# Bytes of a frame that are left for a chunk when every header field has its greatest length, those that
# are written longer than they need be (see _vt_varint) among them.
_vt_most=460

# ---- the interface ------------------------------------------------------------------------------

# vt_is_inside_runner: whether a runner listens.
vt_is_inside_runner() {
  _vt_begin
}

# vt_protocol_version: the version both sides speak, in $vt_value; 0 outside a runner.
vt_protocol_version() {
  vt_value=0
  _vt_begin || return 0
  if [ -z "$_vt_version" ]; then
    _vt_hello
    _vt_ask
    _vt_begin || return 0
    [ "$_vt_answer" = hello ] || vt_value=1
    [ "$vt_value" -ge 1 ] || vt_value=1
    [ "$vt_value" -le "$_vt_protocol_version" ] || vt_value=$_vt_protocol_version
    _vt_version=$vt_value
  fi
  vt_value=$_vt_version
}

# vt_ignore_input PATH: reads, probes and listings at or under it are no inputs of this task, whether
# they happened already or not. For directories that are a tool's own business, such as its cache.
vt_ignore_input() {
  _vt_begin || return 0
  _vt_absolute "$1"
  _vt_request '\022' '' 0 '\212\000' "$_vt_path"
  _vt_send 0
}

# vt_ignore_output PATH: writes at or under it are no outputs of this task: not kept, not restored.
vt_ignore_output() {
  _vt_begin || return 0
  _vt_absolute "$1"
  _vt_request '\032' '' 0 '\212\000' "$_vt_path"
  _vt_send 0
}

# vt_disable_cache [REASON]: the result of this run is not to be kept. The user is shown why.
vt_disable_cache() {
  _vt_begin || return 0
  _vt_request '\042' '' 0 '\212\000' "${1-}"
  _vt_send 0
}

# vt_get_env NAME [untracked]: the value of a variable in the runner's environment, of which a task's
# own shows only a part, in $vt_value. Returns 1 if it is not set there, and outside a runner. Unless
# untracked, the result of the run depends on the answer.
vt_get_env() {
  vt_value=
  _vt_begin || return 1
  if [ "${2-}" = untracked ]; then
    _vt_request '\052' '' 0 '\212\000' "$1"
  else
    _vt_request '\052' '\020\001' 2 '\212\000' "$1"
  fi
  _vt_ask
  [ "$_vt_answer" = value ]
}

# vt_get_envs GLOB [untracked]: all variables there whose whole name matches, such as `APP_*`: their
# number in $vt_count, the first in $vt_name_1 and $vt_value_1, and so on, sorted by name.
vt_get_envs() {
  vt_count=0
  _vt_begin || return 0
  if [ "${2-}" = untracked ]; then
    _vt_request '\062' '' 0 '\212\000' "$1"
  else
    _vt_request '\062' '\030\001' 2 '\212\000' "$1"
  fi
  _vt_ask
}

# vt_get_envs_by_prefix PREFIX [untracked]: the same, of names that begin with it. It may be empty.
vt_get_envs_by_prefix() {
  vt_count=0
  _vt_begin || return 0
  if [ "${2-}" = untracked ]; then
    _vt_request '\062' '' 0 '\022' "$1"
  else
    _vt_request '\062' '\030\001' 2 '\022' "$1"
  fi
  _vt_ask
}

# vt_fetch_env NAME…: asks for them, tracked, and exports those that are not set here.
vt_fetch_env() {
  while [ "$#" -gt 0 ]; do
    if vt_get_env "$1"; then _vt_export "$1" "$vt_value"; fi
    shift
  done
}

# vt_fetch_envs GLOB, vt_fetch_envs_by_prefix PREFIX: the same for all that match.
vt_fetch_envs() {
  vt_get_envs "$1"
  _vt_export_all
}

vt_fetch_envs_by_prefix() {
  vt_get_envs_by_prefix "$1"
  _vt_export_all
}

# vt_depend_on_glob [--exclude GLOB]… GLOB…: the result depends on which files match, not on what is in
# them. Their number in $vt_count, their paths, relative to the working directory and sorted, in
# $vt_path_1 and so on. Returns 1 if nobody answers: look yourself.
#
# The moment from which on a process looks for a question's sake is a system call of its own
# (PROTOCOL.md, "Questions about files"), which a shell has no command for. So what the script looks at
# itself counts as ever, here and below; it need not, as it is told.
vt_depend_on_glob() {
  vt_count=0
  _vt_begin || return 1
  _vt_absolute .
  # Each with its tag is put behind what is left of those given.
  _vt_given=$# _vt_each='\022'
  while [ "$_vt_given" -gt 0 ]; do
    if [ "$1" = --exclude ]; then
      _vt_each='\032'
    else
      set -- "$@" "$_vt_each" "$1"
      _vt_each='\022'
    fi
    shift
    _vt_given=$((_vt_given - 1))
  done
  _vt_request '\112' '' 0 '\212\000' "$_vt_path" "$@"
  _vt_ask
  [ "$_vt_answer" = paths ]
}

# vt_depend_on_exists PATH: the result depends on whether something is there, and what kind of thing:
# `absent`, `file`, `directory` or `other` in $vt_value. Returns 1 if there is nothing, or nobody answers,
# and $vt_value is empty.
vt_depend_on_exists() {
  vt_value=
  _vt_begin || return 1
  _vt_absolute "$1"
  _vt_request '\122' '' 0 '\212\000' "$_vt_path"
  _vt_ask
  case $vt_value in '' | absent) return 1 ;; esac
}

# vt_depend_on_json PATH POINTER: the result depends on one value in a JSON file (by RFC 6901, such as
# /dependencies/vite). In $vt_value, a string as it is, all else as JSON. Returns 1 if there is none, or
# nobody answers.
vt_depend_on_json() {
  vt_value=
  _vt_begin || return 1
  _vt_absolute "$1"
  _vt_request '\132' '' 0 '\212\000' "$_vt_path" '\022' "$2"
  _vt_ask
  [ "$_vt_answer" = value ]
}

# vt_declare_complete [--input] PATH… [--output PATH…]: this process, and every one it starts, reads and
# writes nothing but these. For what cannot be traced; what is seen all the same counts as ever. A
# directory stands for all files below it. Each option holds for all paths up to the next.
vt_declare_complete() {
  _vt_begin || return 0
  _vt_given=$# _vt_each='\212\000'
  while [ "$_vt_given" -gt 0 ]; do
    case $1 in
      --input) _vt_each='\212\000' ;;
      --output) _vt_each='\022' ;;
      *)
        _vt_absolute "$1"
        set -- "$@" "$_vt_each" "$_vt_path"
        ;;
    esac
    shift
    _vt_given=$((_vt_given - 1))
  done
  _vt_request '\102' '' 0 "$@"
  _vt_send 0
}

# vt_label [NAME]: what is said from now on is said on somebody's behalf, such as `plugin x`, whom the
# runner names where it says who it was. Without a name: on its own.
vt_label() {
  _vt_label=${1-}
}

# ---- conversations ------------------------------------------------------------------------------

# Begins the conversation of this process when it is first needed. 1: there is nobody to talk to.
_vt_begin() {
  if [ -z "$_vt_pid" ]; then
    _vt_q=${VT_IPC_DIR-}/q
    [ -n "${VT_IPC_DIR-}" ] && [ -p "$_vt_q" ] || return 1
    if ! _vt_can_open; then
      _vt_pid=dumb _vt_me=$$
      _vt_end lost
    fi
  fi
  [ "$_vt_pid" != dumb ] || return 1
  _vt_self
  [ "$_vt_me" = "$_vt_pid" ] && return "$_vt_ended"
  # A subshell is a fork: it has $$ and the variables of its parent, and needs a name of its own.
  _vt_pid=$_vt_me _vt_ended=1 _vt_sequence=0 _vt_version=''
  [ -p "$_vt_q" ] || return 1
  _vt_nl='
' _vt_cr=$(printf '\r')
  _vt_nonce
  _vt_ended=0
  _vt_hello
  _vt_send 0
  return "$_vt_ended"
}

# Whether there is a free descriptor. Without one a shell complains of each redirection and at last ends;
# it lists a directory, which takes a descriptor as well, or silently does not.
_vt_can_open() {
  case $- in
    *f*)
      set +f
      set -- "$VT_IPC_DIR"/[q]
      set -f
      ;;
    *) set -- "$VT_IPC_DIR"/[q] ;;
  esac
  [ "${1-}" = "$_vt_q" ]
}

# The process id of this very process, in _vt_me.
_vt_self() {
  _vt_me=${BASHPID-}
  [ -n "$_vt_me" ] || { IFS=' ' read -r _vt_me _vt_rest </proc/self/stat; } 2>/dev/null || _vt_me=$$
}

# The first fields of every frame but its sequence: magic, pid and a random nonce. Their bytes, as
# escapes for printf, in _vt_head, their number in _vt_head_length.
_vt_nonce() {
  { IFS=- read -r _vt_hex _vt_rest </proc/sys/kernel/random/uuid; } 2>/dev/null ||
    _vt_hex=$(od -An -N4 -tx4 /dev/urandom 2>/dev/null | tr -d ' ')
  _vt_bits=$((0x${_vt_hex:-$$}))
  _vt_out='\015\366\166\164\367\020' _vt_length=6
  _vt_varint "$_vt_pid"
  _vt_out=$_vt_out'\035'
  for _vt_byte in "$((_vt_bits & 255))" "$((_vt_bits >> 8 & 255))" "$((_vt_bits >> 16 & 255))" \
    "$((_vt_bits >> 24 & 255))"; do
    case $_vt_byte in 10 | 13) _vt_byte=42 ;; esac
    _vt_octal "$_vt_byte"
  done
  _vt_head=$_vt_out _vt_head_length=$((_vt_length + 5))
}

# _vt_end lost|gone: what is said from now on goes nowhere. A runner that lives and cannot be reached
# must not believe that it heard all: it is left word, for which no descriptor is needed here.
_vt_end() {
  _vt_ended=1 _vt_answer=none
  # Without any, so that the program can open its libraries.
  [ "$1" = gone ] || (mkdir "$VT_IPC_DIR/lost-$_vt_me") <&- >&- 2>&- || :
}

# ---- requests -----------------------------------------------------------------------------------
#
# The bytes of a message are made as escapes for printf (_vt_out), with their number (_vt_length); text
# of the caller's comes last and as it is. bash's printf writes at every newline, and a frame must be
# written at once. Therefore no byte of a frame is a newline, unless it is the last.

# Adds a byte, not counted.
_vt_octal() {
  _vt_out=$_vt_out\\$(($1 >> 6))$(($1 >> 3 & 7))$(($1 & 7))
}

# Adds a varint. One that would end with the byte of a newline, or with the one that a mark begins with,
# is written one byte longer, which all decoders read.
_vt_varint() {
  _vt_number=$1
  while [ "$_vt_number" -gt 127 ]; do
    _vt_octal "$((_vt_number & 127 | 128))"
    _vt_length=$((_vt_length + 1)) _vt_number=$((_vt_number >> 7))
  done
  case $_vt_number in
    10 | 13)
      _vt_octal "$((_vt_number | 128))"
      _vt_out=$_vt_out'\000' _vt_length=$((_vt_length + 2))
      ;;
    *)
      _vt_octal "$_vt_number"
      _vt_length=$((_vt_length + 1))
      ;;
  esac
}

# _vt_request TAG FIELDS COUNT [TEXT_TAG TEXT]…: makes an encoded Request. Its kind has fields, which have
# so many bytes, and then texts.
#
# It is made of pieces, each of bytes that are ours and a text. The last, mostly the only one, is _vt_kind
# with _vt_kind_length bytes and _vt_text with _vt_size bytes; those before, _vt_pieces of them, are in
# variables of the same names with _1, _2 and so on.
_vt_request() {
  _vt_encode "$@"
  if [ -n "$_vt_label" ]; then _vt_add '\172' "$_vt_label"; fi
}

_vt_encode() {
  _vt_tag=$1 _vt_kind=$2 _vt_kind_length=$3 _vt_whole=$3 _vt_text='' _vt_size=0 _vt_pieces=0
  shift 3
  while [ "$#" -gt 1 ]; do
    _vt_add "$1" "$2"
    shift 2
  done
  # What comes first is known last: the length of it all.
  case $_vt_tag in ????) _vt_length=1 ;; *) _vt_length=2 ;; esac
  _vt_out=$_vt_tag
  _vt_varint "$_vt_whole"
  if [ "$_vt_pieces" = 0 ]; then
    _vt_kind=$_vt_out$_vt_kind _vt_kind_length=$((_vt_length + _vt_kind_length))
  else
    _vt_kind_1=$_vt_out$_vt_kind_1 _vt_kind_length_1=$((_vt_length + _vt_kind_length_1))
  fi
}

# Adds a text to the request: to the last piece if that has none and is short.
_vt_add() {
  if [ "$_vt_size" -gt 0 ] || [ "$_vt_kind_length" -gt 400 ]; then
    _vt_pieces=$((_vt_pieces + 1))
    eval "_vt_kind_$_vt_pieces=\$_vt_kind _vt_kind_length_$_vt_pieces=\$_vt_kind_length"
    eval "_vt_text_$_vt_pieces=\$_vt_text _vt_size_$_vt_pieces=\$_vt_size"
    _vt_kind='' _vt_kind_length=0
  fi
  _vt_bytes "$2"
  _vt_text=$2
  case $1 in ????) _vt_length=1 ;; *) _vt_length=2 ;; esac
  _vt_out=$1
  _vt_varint "$_vt_size"
  _vt_kind=$_vt_kind$_vt_out _vt_kind_length=$((_vt_kind_length + _vt_length))
  _vt_whole=$((_vt_whole + _vt_length + _vt_size))
}

_vt_hello() {
  # client "sh" and the number of the version; its text comes last.
  _vt_encode '\212\000' "\\010\\00$_vt_protocol_version\\022\\002sh" 6 '\032' "$_vt_client_version"
}

# The number of bytes of a text, in _vt_size, whatever a character is here.
_vt_bytes() {
  _vt_locale C
  _vt_size=${#1}
  _vt_locale
}

# C: bytes are characters from now on; without: as before.
_vt_locale() {
  if [ "$#" -gt 0 ]; then
    _vt_lc=${LC_ALL-unset}
    LC_ALL=C
  elif [ "$_vt_lc" = unset ]; then
    unset LC_ALL
  else
    { LC_ALL=$_vt_lc; } 2>/dev/null
  fi
}

# The path, in _vt_path, as the kernel takes it from here.
_vt_absolute() {
  _vt_path=$1
  case $1 in
    /*) ;;
    *)
      # $PWD may lead through symbolic links, which `..` must not be taken off.
      if ! [ "${_vt_physical-}" -ef . ] 2>/dev/null; then
        _vt_physical=$(pwd -P && printf x)
        _vt_physical=${_vt_physical%"${_vt_nl}x"}
      fi
      _vt_path=$_vt_physical/$1
      ;;
  esac
}

# _vt_send REPLY_CHANNEL: sends the request that was made.
_vt_send() {
  _vt_reply_channel=$1
  _vt_locale C
  case $_vt_text in
    *["$_vt_nl$_vt_cr"]*) _vt_send_chunks ;;
    *)
      if [ "$_vt_pieces" -gt 0 ] || [ "$((_vt_kind_length + _vt_size))" -gt "$_vt_most" ]; then
        _vt_send_chunks
      else
        _vt_frame 0 '\072' "$_vt_kind" "$_vt_kind_length" "$_vt_text" "$_vt_size"
      fi
      ;;
  esac
  _vt_locale
}

# In chunks, one or more of each piece.
_vt_send_chunks() {
  _vt_sent=0
  while [ "$_vt_sent" -lt "$_vt_pieces" ]; do
    _vt_sent=$((_vt_sent + 1))
    eval "_vt_send_piece 1 \"\$_vt_kind_$_vt_sent\" \"\$_vt_kind_length_$_vt_sent\"" \
      "\"\$_vt_text_$_vt_sent\" \"\$_vt_size_$_vt_sent\""
  done
  _vt_send_piece 0 "$_vt_kind" "$_vt_kind_length" "$_vt_text" "$_vt_size"
}

# _vt_send_piece MORE KIND LENGTH TEXT SIZE: in one chunk if it can be; else one of what is before the
# text, then the text, cut behind newlines, and behind the byte a mark begins with so that there is none in
# a frame.
_vt_send_piece() {
  case $4 in
    *["$_vt_nl$_vt_cr"]*) ;;
    *)
      if [ "$(($3 + $5))" -le "$_vt_most" ]; then
        _vt_frame "$1" '\102' "$2" "$3" "$4" "$5"
        return
      fi
      ;;
  esac
  _vt_frame 1 '\102' "$2" "$3" '' 0
  _vt_left=$4 _vt_left_size=$5
  while [ "$_vt_left_size" -gt 0 ] && [ "$_vt_ended" = 0 ]; do
    # All parameter expansions that cut a long text where a short one ends are slow in some shell.
    _vt_piece=$(printf "%.${_vt_most}sx" "$_vt_left")
    _vt_piece=${_vt_piece%x}
    case $_vt_piece in
      *["$_vt_nl$_vt_cr"]*)
        _vt_piece=${_vt_piece%%["$_vt_nl$_vt_cr"]*}
        _vt_piece_size=$((${#_vt_piece} + 1))
        ;;
      *) _vt_piece_size=${#_vt_piece} ;;
    esac
    _vt_left_size=$((_vt_left_size - _vt_piece_size))
    if [ "$_vt_left_size" -gt 0 ]; then _vt_more=1; else _vt_more=$1; fi
    _vt_frame "$_vt_more" '\102' '' 0 "$_vt_left" "$_vt_piece_size"
    _vt_drop "$_vt_piece_size"
  done
}

# Takes so many bytes off the beginning of _vt_left.
_vt_drop() {
  if [ -n "${BASH_VERSION-}" ]; then
    eval '_vt_left=${_vt_left:$1}' # the pattern below costs bash much more
    return
  fi
  _vt_any=${_vt_any:-?}
  while [ "${#_vt_any}" -lt "$1" ]; do _vt_any=$_vt_any$_vt_any; done
  while [ "${#_vt_any}" -gt "$1" ]; do _vt_any=${_vt_any#?}; done
  _vt_left=${_vt_left#$_vt_any}
}

# _vt_frame MORE BODY_TAG ESCAPES COUNT TEXT SIZE: writes one frame, with so many bytes of the text.
_vt_frame() {
  [ "$_vt_ended" = 0 ] || return 0
  _vt_sequence=$((_vt_sequence + 1))
  _vt_out=$_vt_head'\040' _vt_length=$((_vt_head_length + 1))
  _vt_varint "$_vt_sequence"
  if [ "$_vt_reply_channel" != 0 ]; then
    _vt_out=$_vt_out'\050' _vt_length=$((_vt_length + 1))
    _vt_varint "$_vt_reply_channel"
  fi
  if [ "$1" = 1 ]; then _vt_out=$_vt_out'\060\001' _vt_length=$((_vt_length + 2)); fi
  _vt_out=$_vt_out$2 _vt_length=$((_vt_length + 1))
  _vt_varint "$(($4 + $6))"
  _vt_content=$_vt_out$3 _vt_length=$((_vt_length + $4 + $6)) _vt_out=
  if [ "$_vt_length" -gt 127 ]; then
    _vt_octal "$((_vt_length & 127 | 128))"
    _vt_length=$((_vt_length >> 7))
  fi
  _vt_octal "$_vt_length"
  _vt_write "$_vt_out$_vt_content%.$6s" "$5"
}

# _vt_write FORMAT TEXT: writes a frame with one write(2).
#
# Not to descriptor 3: who shares it may have made it non-blocking, and a shell cannot be asked why a
# write failed. The FIFO opened here is nobody else's. A shell cannot open one without waiting for a
# reader either, but for reading and writing at once, and then for writing, as a reader is there; that
# one is closed before the write, which therefore ends with the runner.
_vt_write() {
  _vt_wrote=
  if ! [ -p "$_vt_q" ]; then
    _vt_end gone
  elif _vt_pipe_is_trapped; then
    # The caller's trap cannot be put back (its text may be anything): a subshell has none.
    if (trap '' PIPE && _vt_write_now "$@" && [ "$_vt_wrote" = 0 ]); then _vt_wrote=0; else _vt_wrote=1; fi
    [ "$_vt_wrote" = 0 ] || _vt_end lost
  else
    trap '' PIPE
    _vt_write_now "$@" || :
    trap - PIPE
    case $_vt_wrote in
      0) ;;
      '') if [ -p "$_vt_q" ]; then _vt_end lost; else _vt_end gone; fi ;; # it could not be opened
      *) _vt_end gone ;;
    esac
  fi
}

_vt_write_now() {
  {
    {
      exec 8<&- # for good: for one command alone the shell would keep it elsewhere
      if printf "$@"; then _vt_wrote=0; else _vt_wrote=1; fi
    } 8<>"$_vt_q" >"$_vt_q"
  } 2>/dev/null
}

# Whether the caller has a trap for SIGPIPE. `trap` tells, but in dash not to a command substitution:
# what it prints goes through the pipe of a here-document, and comes back.
_vt_pipe_is_trapped() {
  _vt_trapped=yes
  {
    {
      trap >&9
      echo . >&9
      _vt_trapped=no
      while IFS= read -r _vt_line <&8 && [ "$_vt_line" != . ]; do
        case $_vt_line in *PIPE) _vt_trapped=yes ;; esac
      done
    } 8<<_VT_END 9>/proc/self/fd/8
-
_VT_END
  } 2>/dev/null || :
  [ "$_vt_trapped" = yes ]
}

# ---- replies ------------------------------------------------------------------------------------

# Asks the request that was made. _vt_answer: value, absent, set, paths, kind, hello, or none.
#
# A reply FIFO is claimed for each question: one that is kept would have to be kept open, in a
# descriptor that may be the caller's and that all programs the caller starts would get.
_vt_ask() {
  _vt_answer=none
  while [ "$_vt_ended" = 0 ]; do
    case $- in
      *f*)
        set +f
        _vt_claim "$VT_IPC_DIR"/r/f*
        set -f
        ;;
      *) _vt_claim "$VT_IPC_DIR"/r/f* ;;
    esac
    if [ -z "$_vt_channel" ]; then
      _vt_question=$_vt_kind _vt_question_length=$_vt_kind_length
      _vt_question_text=$_vt_text _vt_question_size=$_vt_size _vt_question_pieces=$_vt_pieces
      _vt_kind='\072\000' _vt_kind_length=2 _vt_text='' _vt_size=0 _vt_pieces=0
      _vt_send 0
      _vt_kind=$_vt_question _vt_kind_length=$_vt_question_length
      _vt_text=$_vt_question_text _vt_size=$_vt_question_size _vt_pieces=$_vt_question_pieces
      [ "$_vt_ended" = 1 ] || sleep 0.01 2>/dev/null || sleep 1
      continue
    fi
    _vt_reply=$VT_IPC_DIR/r/c$_vt_channel _vt_opened=
    {
      # As with requests: with a writer of our own, opening for reading does not wait for one. Without
      # it, reading ends with the runner, the only writer left.
      {
        exec 8<&-
        # `<>` makes a file where the runner has just taken the FIFO away.
        if [ -p "$_vt_reply" ]; then
          _vt_opened=1
          _vt_send "$_vt_channel"
          if [ "$_vt_ended" = 0 ]; then _vt_read; fi
        fi
      } 8<>"$_vt_reply" 9<"$_vt_reply"
    } 2>/dev/null || :
    [ -z "$_vt_opened" ] || return 0
    if [ -p "$_vt_reply" ]; then
      _vt_end lost # no descriptor is free
    else
      rm -f "$_vt_reply"
    fi
  done
}

# _vt_claim FREE…: the number of one that nobody else has, in _vt_channel; empty if there is none.
_vt_claim() {
  # Not all begin with the same.
  _vt_skip=$(((_vt_pid + _vt_sequence) % $#)) _vt_channel=
  for _vt_free in "$@" "$@"; do
    if [ "$_vt_skip" -gt 0 ]; then
      _vt_skip=$((_vt_skip - 1))
      continue
    fi
    _vt_channel=${_vt_free##*/f}
    case $_vt_channel in
      '' | *[!0-9]*) ;; # the pattern, which found nothing
      *) if mv -f "$_vt_free" "$VT_IPC_DIR/r/c$_vt_channel" 2>/dev/null; then return 0; fi ;;
    esac
    _vt_channel=
  done
}

# Reads descriptor 9 up to the reply to the last frame. First what one read(2) gives, which is all of a
# short reply; then exactly what is missing, as there is nobody to read what comes after it.
_vt_read() {
  _vt_have='' _vt_blocks='bs=4096 count=1'
  while :; do
    _vt_said=$({
      echo "$_vt_have"
      eval "dd $_vt_blocks" <&9 2>/dev/null | od -An -v -tu1
    } | LC_ALL=C awk -v wanted="$_vt_sequence" "$_vt_decode") || :
    # Assignments; what is in quotes is the runner's, the rest is our own.
    case $_vt_said in
      gone | lost | '') _vt_end "${_vt_said:-lost}" ;;
      _vt_have=*)
        eval "$_vt_said"
        continue
        ;;
      *) eval "$_vt_said" ;;
    esac
    return 0
  done
}

# From the decimal bytes of replies, a line of those there were and lines of new ones, makes assignments
# for the shell to eval: the answer, or what there is now and what is missing. Or one of the words `gone`
# (there is nothing new) and `lost` (it is no Reply).
_vt_decode='
NR > 1 { added = 1 }
{ for (i = 1; i <= NF; i++) byte[n++] = $i }

END {
  if (!added) say("gone")
  at = 0
  for (;;) {
    begin = at
    length_end = at
    while (length_end < n && byte[length_end] > 127) length_end++
    if (length_end >= n) more(1)
    size = varint(n)
    if (size > 16777216) say("lost")
    stop_reply = at + size
    if (stop_reply > n) more(stop_reply - n)
    sequence = body = 0
    while (at < stop_reply) {
      field(stop_reply)
      if (number == 1 && kind == 0) sequence = value
      else if (number >= 2 && number <= 9 && kind == 2) { body = number; start = from; stop = to }
    }
    if (sequence == wanted) break
  }
  answer()
}

# What is there of the reply at begin, and how much of it is missing.
function more(count,  i) {
  if (n - begin > 6 && length_end >= n) say("lost")
  printf "_vt_have=\047"
  for (i = begin; i < n; i++) printf "%d ", byte[i]
  printf "\047 _vt_blocks=\047ibs=1 obs=4096 count=%d\047", count
  exit 0
}

function answer(  count, plain, i) {
  for (at = start; body > 2 && at < stop;) {
    field(stop)
    if (number != 1) continue
    if (kind == 0) plain = value
    else if (kind == 2) {
      if (body == 6) variable(++count, from, to)
      else { if (body == 7 || !count) count++; first[count] = from; last[count] = to }
    }
  }
  if (body == 4) printf "vt_value=%d _vt_answer=hello", plain
  else if (body == 8) {
    split("absent file directory other", names, " ")
    printf "vt_value=%s _vt_answer=kind", names[plain]
  }
  else if ((body == 5 || body == 9) && count == 0) printf "_vt_answer=absent"
  else if (body == 5 || body == 9) {
    if (body == 5 || byte[first[1]] != 34) put("vt_value", first[1], last[1])
    else unquote("vt_value", first[1] + 1, last[1] - 1)
    printf "_vt_answer=value"
  }
  else if (body == 6 || body == 7) {
    for (i = 1; i <= count; i++) {
      if (body == 7) { put("vt_path_" i, first[i], last[i]); continue }
      put("vt_name_" i, name_first[i], name_last[i])
      put("vt_value_" i, first[i], last[i])
    }
    printf "vt_count=%d _vt_answer=%s", count, body == 6 ? "set" : "paths"
  }
  else printf "_vt_answer=none"
}

# Nothing has been printed yet: all is read before anything is.
function say(word) { print word; exit 0 }

function variable(i, start, stop) {
  first[i] = last[i] = name_first[i] = name_last[i] = start
  for (at = start; at < stop;) {
    field(stop)
    if (number == 1 && kind == 2) { name_first[i] = from; name_last[i] = to }
    if (number == 2 && kind == 2) { first[i] = from; last[i] = to }
  }
}

# Reads a field that ends before limit: its number and kind; of a varint, value; of bytes, from..to.
function field(limit,  tag) {
  tag = varint(limit)
  number = int(tag / 8); kind = tag % 8; from = at; to = at
  if (kind == 0) value = varint(limit)
  else if (kind == 1) at += 8
  else if (kind == 2) { to = varint(limit); from = at; to += at; at = to }
  else if (kind == 5) at += 4
  else say("lost")
  if (at > limit) say("lost")
}

function varint(limit,  result, factor) {
  for (factor = 1; at < limit && factor < 2 ^ 70; factor *= 128) {
    result += (byte[at] % 128) * factor
    if (byte[at++] < 128) return result
  }
  say("lost")
}

# An assignment of what a string of JSON says; NUL, which no variable can hold, is left out.
function unquote(name, from, to,  end, i, unit, low) {
  end = n
  for (i = from; i < to; i++) {
    if (byte[i] != 92) { byte[end++] = byte[i]; continue }
    if (byte[++i] != 117) { byte[end++] = plain_escape(byte[i]); continue }
    unit = hex(i + 1)
    i += 4
    if (unit >= 55296 && unit < 57344) {
      low = unit < 56320 && byte[i + 1] == 92 && byte[i + 2] == 117 ? hex(i + 3) : 0
      if (low >= 56320 && low < 57344) { unit = 65536 + (unit - 55296) * 1024 + low - 56320; i += 6 }
      else unit = 65533
    }
    if (unit == 0) continue
    if (unit < 128) { byte[end++] = unit; continue }
    if (unit < 2048) byte[end++] = 192 + int(unit / 64)
    else {
      if (unit < 65536) byte[end++] = 224 + int(unit / 4096)
      else { byte[end++] = 240 + int(unit / 262144); byte[end++] = 128 + int(unit / 4096) % 64 }
      byte[end++] = 128 + int(unit / 64) % 64
    }
    byte[end++] = 128 + unit % 64
  }
  put(name, n, end)
}

function plain_escape(letter) {
  if (letter == 98) return 8
  if (letter == 102) return 12
  if (letter == 110) return 10
  if (letter == 114) return 13
  if (letter == 116) return 9
  return letter
}

function hex(at,  i, result) {
  for (i = at; i < at + 4; i++)
    result = result * 16 + (byte[i] < 58 ? byte[i] - 48 : byte[i] % 32 + 9)
  return result
}

# An assignment, the value in quotes of the shell.
function put(name, from, to,  i) {
  printf "%s=\047", name
  for (i = from; i < to; i++)
    if (byte[i] == 39) printf "\047\\\047\047"
    else printf "%c", byte[i] + 0
  printf "\047 "
}'

# ---- exporting ----------------------------------------------------------------------------------

# Exports a variable, unless it is set or its name is none that a shell can set.
_vt_export() {
  case $1 in '' | [0-9]* | *[!A-Za-z0-9_]*) return 0 ;; esac
  eval "[ -n \"\${$1+set}\" ]" || export "$1=$2"
}

_vt_export_all() {
  _vt_at=0
  while [ "$_vt_at" -lt "$vt_count" ]; do
    _vt_at=$((_vt_at + 1))
    eval "_vt_export \"\$vt_name_$_vt_at\" \"\$vt_value_$_vt_at\""
  done
}
