"""The Dockerfile runs our scripts and nothing else; and its steps, run without a container engine.

The build step takes this build as it is configured instead of the release with its minutes of
linking. The install step runs as written on a copy-on-write view of this machine's root, which is
thrown away; where mounting is not permitted, on a root folder only.
"""
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import private_root
from manifest import CronJob

SOURCE = os.environ.get("ROLLCALL_SOURCE_DIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "..", ".."))
IMAGE = os.path.join(SOURCE, "deploy", "image")


def dockerfile():
    """Its stages: lists of (instruction, text)."""
    stages = []
    with open(os.path.join(SOURCE, "deploy", "Dockerfile")) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                word, text = line.rstrip("\n").split(None, 1)
                assert not text.endswith("\\"), "a line that goes on: " + line
                if word == "FROM":
                    stages.append([])
                stages[-1].append((word, text))
    return stages


def of(stage, word):
    return [text for instruction, text in stage if instruction == word]


class Dockerfile(unittest.TestCase):
    def setUp(self):
        self.build, self.image = dockerfile()

    def test_its_steps_are_the_two_scripts_and_nothing_else(self):
        self.assertEqual(["deploy/image/build /out"], of(self.build, "RUN"))
        # Its own rubbish is taken away in the step that needs it, so that no layer keeps it.
        self.assertEqual(["/out/install /out / && rm -rf /out"], of(self.image, "RUN"))
        self.assertEqual({"FROM", "WORKDIR", "COPY", "RUN"}, {word for word, _ in self.build})
        self.assertEqual({"FROM", "COPY", "RUN", "USER", "WORKDIR", "ENTRYPOINT", "CMD"},
                         {word for word, _ in self.image})

    def test_what_it_copies_is_there(self):
        *files, target = of(self.image, "COPY")[1].split()
        self.assertEqual("/out/", target)
        for one in files:
            self.assertTrue(os.access(os.path.join(SOURCE, one), os.X_OK), one)

    def test_it_starts_what_the_manifests_start_as_the_same_user(self):
        cron = CronJob(os.path.join(SOURCE, "deploy", "kubernetes", "base"))
        [entry] = of(self.image, "ENTRYPOINT")
        self.assertEqual(cron.container["command"], re.findall(r'"([^"]*)"', entry))
        self.assertEqual([f"{cron.user}:{cron.group}"], of(self.image, "USER"))


class Steps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if "BUILD_DIR" not in os.environ:
            raise unittest.SkipTest("BUILD_DIR is not set: no build to take the program from")
        print("\nshown here:", "the steps as written" if private_root.MAY_MOUNT else
              "the install step on a root folder only, because mounting is not permitted")
        cls.folder = tempfile.mkdtemp(prefix="rollcall-image-")
        os.chmod(cls.folder, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.out = os.path.join(cls.folder, "out")
        cls.build, cls.image = dockerfile()
        command = shlex.split(of(cls.build, "RUN")[0].replace("/out", cls.out))
        cls.built = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False,
                                   env={**os.environ, "ROLLCALL_PRESET": "as-configured"})
        assert cls.built.returncode == 0, cls.built.stdout + cls.built.stderr

    def test_the_build_step_leaves_a_stripped_program_and_its_packages(self):
        self.assertEqual({"rollcall", "runtime-packages.txt"}, set(os.listdir(self.out)))
        program = os.path.join(self.out, "rollcall")
        self.assertLess(os.path.getsize(program),
                        os.path.getsize(os.path.join(os.environ["BUILD_DIR"], "bin", "rollcall")))
        sections = subprocess.run(["readelf", "-S", program], capture_output=True, text=True,
                                  check=True).stdout
        self.assertNotIn(".debug_info", sections)
        with open(os.path.join(self.out, "runtime-packages.txt")) as text:
            packages = [line.strip() for line in text if not line.startswith("#")]
        for one in ("libc6", "libpqxx-6.4", "libssl3", "libpoconetssl80", "ca-certificates", "tzdata"):
            self.assertIn(one, packages)
        self.assertFalse([one for one in packages if one.endswith("-dev") or "gtest" in one])
        known = subprocess.run(["dpkg-query", "-W", "-f", "${Package}\n", *packages],
                               capture_output=True, text=True, check=True).stdout.split()
        self.assertEqual(set(packages), set(known))

    def test_the_install_step_works_on_a_root_folder(self):
        root = os.path.join(self.folder, "root-folder")
        done = subprocess.run([os.path.join(IMAGE, "install"), self.out, root], text=True,
                              capture_output=True, check=True)
        self.assertRegex(done.stdout, r"^rollcall \d+\.\d+\.\d+")
        found = [os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names]
        self.assertEqual(["usr/local/bin/rollcall"], found)
        self.assertTrue(os.path.isdir(os.path.join(root, "etc", "rollcall")))

    def test_the_install_step_as_written_makes_an_image_that_starts(self):
        if not private_root.MAY_MOUNT:
            self.skipTest("mounting is not permitted")
        q = shlex.quote
        [run] = of(self.image, "RUN")
        *copied, _ = of(self.image, "COPY")[1].split()
        user, group = of(self.image, "USER")[0].split(":")
        entry = re.findall(r'"([^"]*)"', of(self.image, "ENTRYPOINT")[0])
        options = re.findall(r'"([^"]*)"', of(self.image, "CMD")[0])
        layers = os.path.join(self.folder, "layers")
        os.makedirs(layers)
        script = f"""set -e
mount -t tmpfs none {q(layers)}
cd {q(layers)}
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount --bind /proc root/proc
mount --bind /dev root/dev
mount -t tmpfs -o mode=1777 none root/tmp
rm -rf root/usr/local/bin/rollcall root/out
sed -i '/^rollcall:/d' root/etc/passwd root/etc/group root/etc/shadow root/etc/gshadow
cp -r {q(self.out)} root/out
cd {q(SOURCE)}
cp {' '.join(map(q, copied))} {q(layers)}/root/out/
chroot {q(layers)}/root /bin/sh -c {q(run)}
[ ! -e {q(layers)}/root/out ]
chroot {q(layers)}/root getent passwd {user}
chroot {q(layers)}/root setpriv --reuid={user} --regid={group} --clear-groups --no-new-privs \
  --bounding-set=-all --inh-caps=-all {' '.join(map(q, entry + options))}
"""
        done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True,
                              check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        version, account, *usage = done.stdout.splitlines()
        self.assertRegex(version, r"^rollcall \d+\.\d+\.\d+")
        self.assertIn(f"rollcall:x:{user}:{group}:", account)
        self.assertIn("usage: rollcall", "\n".join(usage))


if __name__ == "__main__":
    unittest.main()
