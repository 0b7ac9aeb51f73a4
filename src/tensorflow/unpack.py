"""Unpacks a part of a wheel: unpack.py WHEEL FOLDER PREFIX...

TensorFlow's wheel holds 24,000 files, of which two libraries and some headers are wanted.
"""
import os
import sys
import zipfile

wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for item in archive.infolist():
        if item.is_dir() or not item.filename.startswith(tuple(prefixes)):
            continue
        path = archive.extract(item, folder)
        # NVIDIA's wheels carry a program, which zipfile leaves without the right to run.
        os.chmod(path, (item.external_attr >> 16) & 0o777 or 0o644)
