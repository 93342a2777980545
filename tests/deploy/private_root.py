"""Runs a command as a pod or a service would see it, without either: a root folder of its own in a
private mount namespace, read-only, with the mounts it is given, as the user it is given, without
capabilities. The process has no parent in between, so signals reach it as they would there.

Where mounting is not permitted the paths in arguments and configuration are rewritten instead, and
read-only root, capabilities and, without root, the user are not shown; `SHOWN` says which.
"""
import functools
import os
import re
import shlex
import subprocess

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IS_ROOT = os.geteuid() == 0


def _may_mount():
    if not IS_ROOT or os.environ.get("ROLLCALL_NO_NAMESPACE"):
        return False
    return subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"],
                          capture_output=True, check=False).returncode == 0


MAY_MOUNT = _may_mount()
SHOWN = ("its own root, user and mounts" if MAY_MOUNT else
         "paths rewritten: no read-only root, no own mounts" +
         ("" if IS_ROOT else ", and as the user of the test, because it is not root"))


class Mount:
    """A folder or file of this machine at a path of the root; `source` None is an empty tmpfs."""

    def __init__(self, path, source=None, read_only=False, size="16m", mode="0777"):
        self.path, self.source, self.read_only = path, source, read_only
        self.size, self.mode = size, mode


def _mount_commands(root, mounts):
    """Shell lines that lay out `root`; the system's own programs and libraries are read-only."""
    q = shlex.quote
    lines = [f"mount -t tmpfs -o mode=0755,size=16m none {q(root)}", f"cd {q(root)}",
             "mkdir -p etc dev proc usr run tmp var",
             "printf 'root:x:0:0::/:/bin/sh\\nrollcall:x:10001:10001::/:/bin/sh\\n' >etc/passwd",
             "printf 'root:x:0:\\nrollcall:x:10001:\\n' >etc/group",
             "for one in bin sbin lib lib64 lib32; do"
             " if [ -L /$one ]; then cp -d /$one $one;"
             " elif [ -d /$one ]; then mkdir $one && mount --bind /$one $one"
             " && mount -o remount,bind,ro $one; fi; done",
             "mount --bind /usr usr && mount -o remount,bind,ro usr",
             "for one in ssl nsswitch.conf hosts resolv.conf ld.so.cache localtime; do"
             " if [ -d /etc/$one ]; then mkdir etc/$one; elif [ -e /etc/$one ]; then : >etc/$one;"
             " else continue; fi; mount --bind /etc/$one etc/$one; done",
             "for one in null zero random urandom; do : >dev/$one"
             " && mount --bind /dev/$one dev/$one; done",
             "mount --bind /proc proc"]
    for mount in mounts:
        at = q(mount.path.lstrip("/"))
        if mount.source is None:
            lines.append(f"mkdir -p {at} && mount -t tmpfs -o mode={mount.mode},size={mount.size}"
                         f" none {at}")
            continue
        make = f"mkdir -p {at}" if os.path.isdir(mount.source) else \
            f"mkdir -p $(dirname {at}) && : >{at}"
        lines.append(f"{make} && mount --bind {q(mount.source)} {at}")
        if mount.read_only:
            lines.append(f"mount -o remount,bind,ro {at}")
    return lines + [f"mount -o remount,ro {q(root)}"]


class PrivateRoot:
    """`folder` holds the mount point; `mounts` come in order, outer ones first."""

    def __init__(self, folder, mounts, user, group=None, extra_group=None):
        self.root = os.path.join(folder, "root")
        os.makedirs(self.root, exist_ok=True)
        self.mounts, self.user, self.group = mounts, user, group or user
        self.extra_group = extra_group or self.group
        if not MAY_MOUNT:
            for mount in mounts:
                if mount.read_only and mount.source.startswith(folder):
                    self._rewrite_files(mount.source)

    def _as_user(self):
        words = ["setpriv", f"--reuid={self.user}", f"--regid={self.group}",
                 f"--groups={self.extra_group}"]
        if MAY_MOUNT:
            words += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
        return words if IS_ROOT else []

    def rewritten(self, text):
        """Text with the root's paths as they are on this machine."""
        if MAY_MOUNT:
            return text
        sources = {mount.path: mount.source or self.root for mount in self.mounts}
        at = re.compile("(?<![\\w/.-])(" + "|".join(
            sorted(map(re.escape, sources), key=len, reverse=True)) + ")(?![\\w.-])")
        return at.sub(lambda found: sources[found.group(1)], text)

    def _rewrite_files(self, place):
        for name in os.listdir(place):
            path = os.path.join(place, name)
            try:
                with open(path, encoding="utf-8") as text:
                    rewritten = self.rewritten(text.read())
            except UnicodeDecodeError:  # a program
                continue
            mode = os.stat(path).st_mode
            os.chmod(path, 0o600)
            with open(path, "w", encoding="utf-8") as out:
                out.write(rewritten)
            os.chmod(path, mode)

    def words(self, command, env):
        clean = ["env", "-i", *(f"{key}={value}" for key, value in {"PATH": PATH, **env}.items())]
        if not MAY_MOUNT:
            return [*self._as_user(), *clean, *(self.rewritten(word) for word in command)]
        script = "set -e\n" + "\n".join(_mount_commands(self.root, self.mounts)) + "\nexec \"$@\"\n"
        return ["unshare", "--mount", "sh", "-c", script, "sh", "chroot", self.root,
                *self._as_user(), *clean, *command]

    def start(self, command, env=None):
        return subprocess.Popen(self.words(command, env or {}), cwd="/", text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run(self, command, env=None, timeout=300):
        process = self.start(command, env)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, out, err


@functools.lru_cache(maxsize=None)
def systemd_analyze():
    return subprocess.run(["sh", "-c", "command -v systemd-analyze"], capture_output=True,
                          check=False).returncode == 0
