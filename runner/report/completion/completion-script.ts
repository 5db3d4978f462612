/** The shells that can complete commands of vt. */
export const completionShells = ['bash', 'zsh', 'fish'] as const;

export type CompletionShell = (typeof completionShells)[number];

/** What a shell has to read so that it completes commands of vt. */
export function completionScript(shell: CompletionShell): string {
  switch (shell) {
    case 'bash':
      return bash;
    case 'zsh':
      return zsh;
    case 'fish':
      return fish;
  }
}

const bash = `# Completion of vt in bash. In ~/.bashrc:  source <(vt completion bash)
_vt() {
  local IFS=$'\\n' answer
  answer=($("\${COMP_WORDS[0]}" complete bash "$COMP_WORDBREAKS" "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
  COMPREPLY=("\${answer[@]:1}")
  case \${answer[0]} in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    commands) COMPREPLY=($(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -o nosort -F _vt vt
`;

const zsh = `#compdef vt
# Completion of vt in zsh. In ~/.zshrc, after compinit:  source <(vt completion zsh)
_vt() {
  local -a answer candidates
  local line besides
  answer=("\${(@f)$("\${words[1]}" complete zsh "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  besides=\${answer[1]}
  for line in "\${(@)answer[2,-1]}"; do
    if [[ $line == *$'\\t'* ]]; then
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    else
      candidates+=("\${line//:/\\\\:}")
    fi
  done
  (( $#candidates )) && _describe -V vt candidates
  case $besides in
    files) _files ;;
    directories) _files -/ ;;
    commands) _command_names -e ;;
  esac
}
if [[ \${funcstack[1]} == _vt ]]; then _vt "$@"; else compdef _vt vt; fi
`;

const fish = `# Completion of vt in fish:  vt completion fish > ~/.config/fish/completions/vt.fish
function __vt_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l answer ($words[1] complete fish $words[2..] "$current" 2>/dev/null)
  for candidate in $answer[2..]
    echo $candidate
  end
  switch "$answer[1]"
    case files
      __fish_complete_path "$current"
    case directories
      __fish_complete_directories "$current"
    case commands
      complete -C "$current"
  end
end
complete -c vt -f -k -a '(__vt_complete)'
`;
