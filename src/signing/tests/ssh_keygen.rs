//! With the real ssh-keygen and ssh-agent.

use std::process::Child;

use super::*;

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An agent that holds a key.
fn agent(home: &Home, key: &str) -> Agent {
    let socket = home.path("agent");
    let mut agent = Command::new("ssh-agent");
    agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).stderr(Stdio::null());
    let agent = Agent(agent.spawn().unwrap());
    // The socket is there a moment before somebody listens.
    let mut add = Command::new("ssh-add");
    add.env("SSH_AUTH_SOCK", &socket).arg(home.path(key)).stdin(Stdio::null());
    let mut added = add.output().unwrap();
    for _ in 0..6_000 {
        if added.status.success() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        added = add.output().unwrap();
    }
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    home.script("ssh", &format!("exec env SSH_AUTH_SOCK={} ssh-keygen \"$@\"", socket.display()));
    agent
}

#[test]
fn a_key_file_signs_however_it_is_named() {
    let home = Home::new();
    let key = home.ssh_key("id", "");
    let public = home.read("id.pub");
    let absolute = home.path("id").to_str().unwrap().to_owned();
    for name in ["~/id", "~/id.pub", "id.pub", &absolute] {
        let signature = home.sign(&home.settings("ssh", name), &[key]).unwrap();
        assert!(signature.starts_with("-----BEGIN SSH SIGNATURE-----\n"), "{signature}");
        assert_eq!(signer(&signature, public.as_bytes()), key, "{name}");
    }
    // Neither beside the key nor beside the payload.
    assert!(!home.path("id.sig").exists() && !home.path("id.pub.sig").exists());
}

#[test]
fn a_key_in_an_agent_signs() {
    let home = Home::new();
    let key = home.ssh_key("id", "");
    let public = home.read("id.pub");
    let _agent = agent(&home, "id");
    std::fs::remove_file(home.path("id")).unwrap();
    let line = public.trim();
    for name in ["~/id.pub", line, &format!("key::{line}")] {
        let signature = home.sign(&home.settings("ssh", name), &[key]).unwrap();
        assert_eq!(signer(&signature, public.as_bytes()), key, "{name}");
    }
}

#[test]
fn what_cannot_sign_says_why() {
    let home = Home::new();
    let key = home.ssh_key("id", "");
    let locked = home.ssh_key("locked", "secret");
    std::fs::remove_file(home.path("id")).unwrap();
    let public = home.read("id.pub");
    let mut told = String::new();
    for (what, name, key) in [
        ("no private half", "~/id.pub", key),
        ("no agent", public.trim(), key),
        ("no passphrase", "~/locked", locked),
    ] {
        let error = words(home.sign(&home.settings("ssh", name), &[key]), &home);
        assert!(error.contains("nothing was changed"), "{error}");
        told.push_str(&format!("{what}:\n{error}\n"));
    }
    insta::assert_snapshot!(told);
}
