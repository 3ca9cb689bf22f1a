"""A real Slurm on this machine, on loopback: two nodes of one core and one GPU, partitions cpu and gpu.

A GPU is a device file like /dev/null. There are no cgroups: the accounting poll kills what is over its memory.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

NODES = ("n1", "n2")
NEEDED = ("slurmctld", "slurmd", "sbatch", "munged")
CONFIGURATION = Path("/etc/slurm/slurm.conf")  # the plugin of a job drops SLURM_CONF

SLURM = """
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={lab}/munge.socket,cred_expire=15
CryptoType=crypto/munge
SlurmctldPidFile={lab}/slurmctld.pid
SlurmdPidFile={lab}/slurmd-%n.pid
SlurmctldLogFile={lab}/slurmctld.log
SlurmdLogFile={lab}/slurmd-%n.log
StateSaveLocation={lab}/state
SlurmdSpoolDir={lab}/spool-%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill,UsePss
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0
SlurmdParameters=config_overrides
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ReturnToService=2
KillWait=2
MinJobAge=3600
GresTypes=gpu
AccountingStorageType=accounting_storage/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=1 RealMemory=8000 Gres=gpu:fake:1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1 RealMemory=8000 Gres=gpu:fake:1
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=1-00:00:00
PartitionName=gpu Nodes=n1,n2 MaxTime=1-00:00:00
"""
GRES = "AutoDetect=off\nNodeName=n[1-2] Name=gpu Type=fake File={lab}/nvidia0 Flags=nvidia_gpu_env\n"


class Job(NamedTuple):
    """A job that Slurm has been given."""

    id: str
    state: str  # RUNNING, COMPLETED, TIMEOUT, ...
    partition: str
    node: str
    minutes: str  # its limit, as 1:00
    memory: str
    rule: str  # with wildcards: the plugin's comment


SHOWN = "%i|%T|%P|%N|%l|%m|%k"


def lacking() -> str:
    """Why no cluster can be brought up here; empty if one can."""
    if os.geteuid() != 0:
        return "a private Slurm needs root"
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        return f"not installed: {', '.join(missing)}; apt-get install slurm-wlm munge"
    if CONFIGURATION.exists() or CONFIGURATION.is_symlink():
        return f"{CONFIGURATION} is there: this machine belongs to a cluster"
    return ""


def up(lab: Path) -> None:
    """Start the daemons; their process numbers are in the files ``*.pid`` of the folder ``lab``."""
    for folder in (lab / "state", lab / "spool-n1", lab / "spool-n2", lab / "key"):
        folder.mkdir(mode=0o700)
    lab.chmod(0o755)
    of = dict(host=socket.gethostname().split(".")[0], lab=lab, ports=free_ports(3))
    (lab / "slurm.conf").write_text(SLURM.format(**of))
    (lab / "gres.conf").write_text(GRES.format(**of))
    (lab / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    os.mknod(lab / "nvidia0", 0o20666, os.makedev(1, 3))
    key = lab / "key" / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    CONFIGURATION.parent.mkdir(exist_ok=True)
    CONFIGURATION.symlink_to(lab / "slurm.conf")
    os.environ["SLURM_CONF"] = str(lab / "slurm.conf")  # beside it are the other two
    files = [f"--pid-file={lab}/munged.pid", f"--log-file={lab}/key/log", f"--seed-file={lab}/key/seed"]
    run("munged", "--force", f"--socket={lab}/munge.socket", f"--key-file={key}", *files)
    run("slurmctld", "-i")
    wait(lambda: "UP" in said("scontrol", "ping"), "slurmctld")
    for node in NODES:
        start(node)
    wait(lambda: said("sinfo", "-h", "-N", "-p", "cpu", "-o", "%t").split() == ["idle"] * 2, "two idle nodes")


def start(node: str) -> None:
    """Start the daemon of a node."""
    run("slurmd", "-N", node)


def kill(lab: Path, node: str) -> None:
    """What a power failure does: the daemon of a node and all processes of its jobs are gone at once."""
    ids = [job.id for job in jobs() if job.state == "RUNNING" and job.node == node]
    daemon = lab / f"slurmd-{node}.pid"
    os.kill(int(daemon.read_text()), signal.SIGKILL)
    daemon.unlink()
    kill_processes(ids)


def kill_processes(ids: Iterable[str]) -> None:
    """Kill what is left of some jobs, Slurm's own processes included."""
    while found := [pid for job in ids for pid in processes(job)]:
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def processes(job: str) -> list[int]:
    """The processes of a job of this cluster: Slurm's own, and those that they have started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if path.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            stepd = (path / "cmdline").read_bytes().startswith(f"slurmstepd: [{job}.".encode())
            variables = (path / "environ").read_bytes().split(b"\0")
            inside = f"SLURM_JOB_ID={job}".encode() in variables
            if (stepd or inside) and f"SLURM_CONF={CONFIGURATION.resolve()}".encode() in variables:
                found.append(int(path.name))
    return found


def jobs() -> list[Job]:
    """All jobs of the last minutes, the oldest first."""
    lines = said("squeue", "-h", "-t", "all", "-S", "i", "-o", SHOWN).splitlines()
    return [Job(*line.split("|")) for line in lines]


def down(lab: Path) -> None:
    """End what ``up`` has started, by process number."""
    ids = [job.id for job in jobs()] if CONFIGURATION.is_symlink() else []
    for job in ids:
        said("scancel", job)
    for file in [*lab.glob("slurmd-*.pid"), lab / "slurmctld.pid", lab / "munged.pid"]:
        if file.exists() and (pid := file.read_text().strip()).isdecimal():
            subprocess.run(["kill", pid], check=False)
            wait(lambda pid=pid: not Path("/proc", pid).exists(), f"the end of {file.stem}")
    kill_processes(ids)
    if CONFIGURATION.is_symlink() and CONFIGURATION.readlink() == lab / "slurm.conf":
        CONFIGURATION.unlink()
    os.environ.pop("SLURM_CONF", None)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def wait(until: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something is true."""
    since = time.monotonic()
    while not until():
        assert time.monotonic() - since < seconds, f"waited for {what}"
        time.sleep(0.1)
