//! Which process listens on a port, as /proc tells it.

use std::{fs, path::Path};

/// State `LISTEN` in /proc/net/tcp.
const LISTENING: &str = "0A";

/// "process 4711 (swipl)", when the port's process can be seen.
pub(super) fn find(port: u16) -> Option<String> {
    let inode = ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        let table = fs::read_to_string(table).ok()?;
        table.lines().skip(1).find_map(|line| inode_of(line, port)).map(str::to_owned)
    })?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    let (holder, pid) = processes
        .filter_map(|process| pid(&process).map(|pid| (process, pid)))
        .find(|(process, _)| holds(process, &socket))?;
    let name = fs::read_to_string(holder.join("comm")).unwrap_or_default();
    Some(format!("process {pid} ({})", name.trim()))
}

/// Inode of the socket in one line of the table, if it listens on the port.
fn inode_of(line: &str, port: u16) -> Option<&str> {
    let mut fields = line.split_whitespace();
    let local = fields.nth(1)?;
    let state = fields.nth(1)?;
    let (_, hex) = local.rsplit_once(':')?;
    let listens = state == LISTENING && u16::from_str_radix(hex, 16).ok()? == port;
    fields.nth(5).filter(|_| listens)
}

/// None for entries such as /proc/self.
fn pid(process: &Path) -> Option<u32> {
    process.file_name()?.to_str()?.parse().ok()
}

fn holds(process: &Path, socket: &str) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    let mut targets = files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
    targets.any(|target| target.as_os_str() == socket)
}
