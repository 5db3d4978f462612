/** What vt printed, with what differs from run to run taken out: pids and times. */
export function steadyText(text: string): string {
  return text
    .replace(/\(pid \d+\)/g, '(pid …)')
    .replace(/, (?:\d+m )?[\d.]+m?s saved/g, '')
    .replace(/(succeeded|exited with \d+) in (?:\d+m )?[\d.]+m?s/g, '$1 in …')
    .replace(/^( *time: ).*$/gm, '$1…');
}
