//! A Slurm of this test's own: controller, node daemons and munge, as whoever runs the test, in a directory that goes with it.
//! All nodes are this machine; each has its own daemon, name and port.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::process::{signal, until};

const PROGRAMS: [&str; 7] = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo", "squeue"];

/// Waits for the end of its standard input, which is the end of the test in whatever way, and then kills all that has its
/// argument in the environment: daemons, steps, jobs, and what these start meanwhile.
const GUARD: &str = r#"
cat >/dev/null
tries=0
while left=$(grep -lszxF "$1" /proc/[0-9]*/environ | tr -dc '0-9\n') && [ -n "$left" ]; do
    kill -KILL $left 2>/dev/null
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || exit 1
    sleep 0.1
done
"#;

pub struct Slurm {
    dir: tempfile::TempDir,
    nodes: Vec<String>,
    guard: Child,
    servers: Vec<Child>,
    /// Those of nodes that are up.
    daemons: Vec<(String, Child)>,
}

/// So many ports that nobody listened on a moment ago.
fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
    held.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

/// System programs are not on everybody's path.
fn path() -> String {
    format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap())
}

fn assert_installed() {
    let found = |program: &&&str| {
        let find =
            Command::new("sh").args(["-c", &format!("command -v {program}")]).env("PATH", path()).output();
        find.unwrap().status.success()
    };
    let missing: Vec<_> = PROGRAMS.iter().filter(|program| !found(program)).collect();
    assert!(
        missing.is_empty(),
        "this test needs {missing:?}; `sh tests/setup.sh slurm` installs them on Debian"
    );
}

/// The processes that hold all of these in their environment.
fn with_environment(entries: &[String]) -> Vec<u32> {
    let mut found = Vec::new();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
        // What is gone by now, or is another user's, is none of ours.
        let Ok(environment) = std::fs::read(process.path().join("environ")) else { continue };
        let has = |entry: &String| environment.split(|byte| *byte == 0).any(|one| one == entry.as_bytes());
        if entries.iter().all(has) {
            found.push(pid);
        }
    }
    found
}

/// Everything that is started here has this in its environment, and so has what that starts.
fn mark(dir: &Path) -> String {
    format!("SLURM_CONF={}", dir.join("slurm.conf").display())
}

fn kill(pid: u32) {
    // It may have ended meanwhile.
    let _ = Command::new("sh").args(["-c", &format!("kill -KILL {pid} 2>/dev/null")]).status();
}

fn parent(pid: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}

fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Slurm {
    /// Nodes of these names, all of them down as yet.
    pub fn start(nodes: &[&str]) -> Self {
        assert_installed();
        let dir = tempfile::Builder::new().prefix("slurm").tempdir_in("/tmp").unwrap();
        // munge does not speak through a directory that others cannot enter.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let nodes = nodes.iter().map(|node| (*node).to_owned()).collect();
        // In a group of its own: it outlives whoever ends the tests from a terminal.
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", &mark(dir.path())])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut slurm = Self { dir, nodes, guard, servers: Vec::new(), daemons: Vec::new() };
        slurm.configure();
        let socket = slurm.path("munge.sock");
        let file = |what: &str, name: &str| format!("--{what}={}", slurm.path(name).display());
        let munge = [
            "--foreground".to_owned(),
            file("socket", "munge.sock"),
            file("key-file", "munge.key"),
            file("pid-file", "munge.pid"),
            file("seed-file", "munge.seed"),
            file("log-file", "munge.log"),
        ];
        let munge: Vec<&str> = munge.iter().map(String::as_str).collect();
        let munged = slurm.server("munged", "munged", &munge);
        slurm.servers.push(munged);
        until("munge's socket", || socket.exists().then_some(()));
        let controller = slurm.server("slurmctld", "slurmctld", &["-D"]);
        slurm.servers.push(controller);
        until("the controller", || slurm.try_say("scontrol", &["ping"]).filter(|said| said.contains("UP")));
        slurm
    }

    fn configure(&self) {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let user = String::from_utf8(user).unwrap();
        let (dir, ports) = (self.dir.path().display(), free_ports(self.nodes.len() + 1));
        let mut text = format!(
            "ClusterName=test\nSlurmctldHost=localhost\nSlurmctldPort={}\nSlurmUser={user}SlurmdUser={user}\
             AuthType=auth/munge\nCredType=cred/munge\nAuthInfo=socket={dir}/munge.sock\n\
             StateSaveLocation={dir}/state\nSlurmdSpoolDir={dir}/spool/%n\n\
             SlurmctldPidFile={dir}/slurmctld.pid\nSlurmdPidFile={dir}/%n.pid\n\
             SlurmctldLogFile={dir}/slurmctld.log\nSlurmdLogFile={dir}/%n.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/none\n\
             AccountingStorageType=accounting_storage/none\nMpiDefault=none\nSwitchType=switch/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_Core\nSchedulerType=sched/backfill\n\
             SchedulerParameters=bf_interval=1,sched_interval=1\nSlurmdTimeout=10\nKillWait=5\n\
             ReturnToService=2\nGresTypes=gpu\n\
             PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n",
            ports[0]
        );
        for (node, port) in self.nodes.iter().zip(&ports[1..]) {
            text += &format!(
                "NodeName={node} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=1 Gres=gpu:1\n"
            );
        }
        for folder in ["state", "spool"] {
            std::fs::create_dir(self.path(folder)).unwrap();
        }
        std::fs::write(self.path("slurm.conf"), text).unwrap();
        std::fs::write(self.path("gres.conf"), "Name=gpu File=/dev/null\n").unwrap();
        let mut key = [0; 256];
        getrandom::fill(&mut key).unwrap();
        std::fs::write(self.path("munge.key"), key).unwrap();
        std::fs::set_permissions(self.path("munge.key"), std::fs::Permissions::from_mode(0o400)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A program that finds this Slurm.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PATH", path()).env("SLURM_CONF", self.path("slurm.conf")).stdin(Stdio::null());
        command
    }

    fn server(&self, name: &str, program: &str, args: &[&str]) -> Child {
        let log = std::fs::File::create(self.path(&format!("{name}.out"))).unwrap();
        let mut command = self.command(program);
        command.args(args).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    fn try_say(&self, program: &str, args: &[&str]) -> Option<String> {
        let output = self.command(program).args(args).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// What a program of Slurm says.
    pub fn say(&self, program: &str, args: &[&str]) -> String {
        self.try_say(program, args).unwrap_or_else(|| panic!("{program} {args:?} failed\n{}", self.logs()))
    }

    /// Brings a node up, and waits until it takes jobs.
    pub fn up(&mut self, node: &str) {
        let daemon = self.server(node, "slurmd", &["-D", "-N", node]);
        self.daemons.push((node.to_owned(), daemon));
        until(&format!("{node} to be idle"), || {
            let state = self.say("sinfo", &["-h", "-N", "-n", node, "-o", "%T"]);
            (state.trim() == "idle").then_some(())
        });
    }

    /// What jobs run on this node.
    fn processes(&self, node: &str) -> Vec<u32> {
        with_environment(&[mark(self.dir.path()), format!("SLURMD_NODENAME={node}")])
    }

    /// `assay run` on this node stands still, and so takes no notice of signals that ask for something.
    pub fn stop(&self, node: &str) {
        let is_run = |pid: &u32| command_line(*pid).split('\0').nth(1) == Some("run");
        let runs: Vec<u32> = self.processes(node).into_iter().filter(is_run).collect();
        assert!(!runs.is_empty(), "no run on {node}");
        runs.into_iter().for_each(|pid| signal(pid, "STOP"));
    }

    /// The node is gone from one moment to the next, with all that runs on it.
    pub fn kill(&mut self, node: &str) {
        let at = self.daemons.iter().position(|(name, _)| name == node).unwrap();
        let (_, mut daemon) = self.daemons.remove(at);
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        let jobs = self.processes(node);
        assert!(!jobs.is_empty(), "nothing ran on {node}");
        // Who would tell the controller how the job ended goes first.
        let steps = jobs
            .iter()
            .filter_map(|pid| parent(*pid))
            .filter(|pid| command_line(*pid).starts_with("slurmstepd"));
        let steps: Vec<u32> = steps.collect();
        assert!(!steps.is_empty(), "no step daemon of {node}");
        steps.into_iter().chain(jobs).for_each(kill);
    }

    /// Waits until no job is waiting or running.
    pub fn drain(&self, limit: std::time::Duration) {
        crate::process::until_within(limit, "all jobs to end", || {
            self.say("squeue", &["-h"]).trim().is_empty().then_some(())
        });
    }

    /// What the daemons wrote, for a test that failed.
    fn logs(&self) -> String {
        let tail = |path: &Path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("== {}\n{}\n", path.display(), lines[lines.len().saturating_sub(15)..].join("\n"))
        };
        let files = std::fs::read_dir(self.dir.path()).unwrap().flatten().map(|entry| entry.path());
        files
            .filter(|path| path.extension().is_some_and(|e| e == "log" || e == "out"))
            .map(|path| tail(&path))
            .collect()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
        drop(self.guard.stdin.take());
        let guard = self.guard.wait();
        for child in self.daemons.iter_mut().map(|(_, child)| child).chain(&mut self.servers) {
            // Killed by now; this is so that nothing is left of it.
            let _ = child.wait();
        }
        let is_clean = guard.is_ok_and(|status| status.success());
        assert!(is_clean || std::thread::panicking(), "some of Slurm's processes could not be killed");
    }
}
