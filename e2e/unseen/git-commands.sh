# What git prints and how it ends, for a repository from its first commit on.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null HOME=$PWD
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='1700000000 +0000'
export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org GIT_COMMITTER_DATE='1700000000 +0000'
t() {
  echo "\$ $*"
  "$@"
  echo "= $?"
}
t git init -q -b main r
cd r
t git status --short
t git rev-parse --is-inside-work-tree
t git log
echo one >file; mkdir -p sub/dir; echo two >sub/dir/file; ln -s file link; chmod +x file
t git add .
t git status --short
t git diff --cached --stat
t git commit -q -m first
t git log --format='%H %s'
t git ls-files -s
t git cat-file -p HEAD^{tree}
t git fsck
echo three >>file; rm link
t git status --porcelain=v2
t git diff
t git stash -q
t git status --short
t git stash pop -q
t git commit -qam second
t git checkout -q -b topic HEAD~1
t git mv file renamed
echo more >sub/more
t git add -A
t git commit -q -m third
t git merge -q --no-edit main
t git status --short
t git add -A
t git commit -q --no-edit
t git log --oneline --graph
t git rebase -q main
t git rebase --abort
t git tag -a v1 -m tag
t git describe
t git grep -n two
t git blame -s sub/dir/file
t git archive --format=tar HEAD -o ../out.tar
t git gc -q
t git count-objects
t git clone -q . ../copy
t git -C ../copy log --format=%s -1
t git worktree add -q ../tree main
t git worktree list --porcelain
t git rm -q --cached sub/more
t git clean -fdq
t git checkout no-such-branch
t git config --local --list
t git hash-object -w --stdin <sub/dir/file
t git rev-parse no-such-thing
cd ..
t git -C copy bisect start
t tar -tf out.tar
