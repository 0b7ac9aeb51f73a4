//! Gives the addon a name for what it was built from: slots of a ring must compute with the same kernels.

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    napi_build::setup();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = vec![workspace.join("Cargo.lock")];
    for name in ["attention", "dense", "addon"] {
        collect(&workspace.join(name).join("src"), &mut files);
    }
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325u64; // FNV-1a
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        for byte in fs::read(file).expect("a source file can be read") {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!(
        "cargo::rustc-env=RINGWATT_SOURCES={:08x}",
        (hash >> 32) ^ (hash & 0xffff_ffff)
    );
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("its entries too").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
