# The driver of the sh client for `vt conformance` (client/conformance/README.md):
#   vt conformance -- dash client/sh/conformance/driver.sh
set -eu

. "${0%/*}/../vt_client.sh"

# The bytes of a field, in $text.
decode() {
  text=$1
  case $1 in
    -) text='' ;;
    *%*)
      text=$(printf %s. "$1" | awk '
        {
          count = split($0, parts, "%")
          printf "%s", parts[1]
          for (n = 2; n <= count; n++) {
            digits = "0123456789ABCDEF"
            byte = index(digits, toupper(substr(parts[n], 1, 1))) * 16 - 17
            byte += index(digits, toupper(substr(parts[n], 2, 1)))
            printf "\\%03o%s", byte, substr(parts[n], 3)
          }
        }')
      text=$(printf "${text}x")
      text=${text%.x}
      ;;
  esac
}

# Prints a text as a field.
encode() {
  if [ -z "$1" ]; then
    printf %s -
  else
    printf %s "$1" | od -An -v -tx1 | awk '{ for (i = 1; i <= NF; i++) printf "%%%s", $i }'
  fi
}

# Adds the texts of a list of fields to $arguments, which is for eval, each behind a word.
decode_list() {
  [ "$1" != - ] || return 0
  IFS=,
  for field in $1; do
    IFS=' '
    decode "$field"
    texts=$((texts + 1))
    eval "text_$texts=\$text"
    arguments="$arguments $2 \"\$text_$texts\""
  done
}

perform() {
  case $1 in
    ignore-input) decode "$2" && vt_ignore_input "$text" ;;
    ignore-output) decode "$2" && vt_ignore_output "$text" ;;
    disable-cache) decode "$2" && vt_disable_cache "$text" ;;
    chdir) decode "$2" && cd "$text" ;;
    inside)
      if vt_is_inside_runner; then echo yes; else echo no; fi
      return
      ;;
    version)
      vt_protocol_version
      echo "value $vt_value"
      return
      ;;
    get-env)
      decode "$2"
      if vt_get_env "$text" "$3"; then
        printf 'value '
        encode "$vt_value"
        echo
      else
        echo absent
      fi
      return
      ;;
    depend-on-glob)
      arguments='' texts=0
      decode_list "$2" ''
      decode_list "$3" --exclude
      if ! eval "vt_depend_on_glob $arguments"; then
        echo absent
        return
      fi
      printf paths
      at=0
      while [ "$at" -lt "$vt_count" ]; do
        at=$((at + 1))
        printf ' '
        eval "encode \"\$vt_path_$at\""
      done
      echo
      return
      ;;
    depend-on-exists)
      decode "$2"
      vt_depend_on_exists "$text" || :
      echo "${vt_value:+value }${vt_value:-absent}"
      return
      ;;
    depend-on-json)
      decode "$2"
      path=$text
      decode "$3"
      if vt_depend_on_json "$path" "$text"; then
        printf 'value '
        encode "$vt_value"
        echo
      else
        echo absent
      fi
      return
      ;;
    declare-complete)
      arguments='' texts=0
      decode_list "$2" --input
      decode_list "$3" --output
      eval "vt_declare_complete $arguments"
      ;;
    labelled)
      decode "$2"
      vt_label "$text"
      shift 2
      perform "$@"
      vt_label
      return
      ;;
    get-envs)
      decode "$3"
      case $2 in
        glob) vt_get_envs "$text" "$4" ;;
        prefix) vt_get_envs_by_prefix "$text" "$4" ;;
      esac
      printf set
      at=0
      while [ "$at" -lt "$vt_count" ]; do
        at=$((at + 1))
        printf ' '
        eval "encode \"\$vt_name_$at\""
        printf =
        eval "encode \"\$vt_value_$at\""
      done
      echo
      return
      ;;
    fork)
      shift
      (perform "$@")
      return
      ;;
    *) # a shell has no threads
      echo unsupported
      return
      ;;
  esac
  echo ok
}

while IFS= read -r line; do
  IFS=' '
  perform $line
done
