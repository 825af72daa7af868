//! Hands the version of rusqlite, as Cargo.toml pins it, to the program.

fn main() {
    let toml = std::fs::read_to_string("Cargo.toml").unwrap();
    let version = toml
        .split("rusqlite = { version = \"=")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    println!("cargo:rustc-env=RUSQLITE_VERSION={version}");
    println!("cargo:rerun-if-changed=Cargo.toml");
}
