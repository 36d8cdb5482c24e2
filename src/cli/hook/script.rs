//! The words of the hooks. All that they do is to call this program with what git tells them.

/// What stands in every hook that was written here.
pub(super) const MARK: &str = "# Written by `gatecheck hook install`";

/// What a hook is made of.
pub(super) struct Script<'a> {
    /// The file that the hook calls.
    pub(super) program: &'a str,
    /// Options that are kept, each a word of its own.
    pub(super) options: &'a [String],
}

impl Script<'_> {
    /// Before a push, where the push starts. Git gives what changes on standard input.
    pub(super) fn pre_push(&self) -> String {
        let call = r#""$gatecheck" hook run pre-push --repo "${GIT_DIR:-.}""#;
        self.text(
            "# Judges what is pushed to the mainline, and tags, before it leaves this machine.",
            &format!("exec {call}{} -- \"$@\" >&2", self.kept()),
        )
    }

    /// Before a ref changes, on the server. The objects of the push may lie in a folder of their own.
    pub(super) fn update(&self) -> String {
        let call = r#""$gatecheck" hook run update --repo "${GIT_DIR:-.}" \
    --objects "${GIT_OBJECT_DIRECTORY:-}" --alternates "${GIT_ALTERNATE_OBJECT_DIRECTORIES:-}""#;
        self.text(
            "# Refuses what may not be pushed to the mainline, and tags that do not pass.",
            &format!("exec {call}{} -- \"$1\" \"$2\" \"$3\" >&2", self.kept()),
        )
    }

    fn text(&self, what: &str, call: &str) -> String {
        format!(
            "#!/bin/sh\n{MARK}, which may be run again to renew it.\n{what}\n\
             gatecheck={}\n\
             if ! [ -x \"$gatecheck\" ]; then\n    \
                 gatecheck=$(command -v gatecheck) || {{\n        \
                     echo 'gatecheck: the program is not there, so nothing can be judged; the push is refused' >&2\n        \
                     echo '  help: install it, then write this hook anew: gatecheck hook install' >&2\n        \
                     exit 1\n    \
                 }}\n\
             fi\n\
             {call}\n",
            quoted(self.program)
        )
    }

    fn kept(&self) -> String {
        self.options.iter().map(|option| format!(" {}", quoted(option))).collect()
    }
}

/// One word for a POSIX shell, whatever is in it.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_word_reaches_the_shell() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's $(x)`y`\"\\"), r#"'it'\''s $(x)`y`"\'"#);
    }

    #[test]
    fn the_hooks_are_these() {
        let options = ["--project".to_owned(), "my-project".to_owned()];
        let script = Script { program: "/opt/gate check/gatecheck", options: &options };
        insta::assert_snapshot!("pre-push", script.pre_push());
        insta::assert_snapshot!("update", script.update());
    }
}
