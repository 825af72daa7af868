//! Compiles the extension to be linked with the SQLite of libsqlite3-sys.

fn main() {
    println!("cargo:rerun-if-changed=c/tablao.c");
    #[cfg(feature = "extension")]
    compile();
}

#[cfg(feature = "extension")]
fn compile() {
    let mut build = cc::Build::new();
    build
        .file("c/tablao.c")
        .std("c11")
        .define("SQLITE_CORE", None)
        .define("NDEBUG", None);
    // Where libsqlite3-sys has the headers that it was built with; a system's
    // are found by the compiler.
    if let Some(include) = std::env::var_os("DEP_SQLITE3_INCLUDE") {
        build.include(include);
    }
    build.compile("tablao");
}
