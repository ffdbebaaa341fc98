namespace Proxy.Host.Tests.Hosting.Systemd;

/// <summary>Stands for systemd: opens listen sockets, keeps them open, and starts the program with them, again after each stop.</summary>
internal static class Supervisor
{
    // SIGHUP: stop the program and start it again. SIGTERM: stop it and end with its exit code.
    private const string Script = """
        import os, signal, socket, sys

        split = sys.argv.index("--")
        addresses, command = sys.argv[1:split], sys.argv[split + 2:]  # after "exec"
        wanted = None

        def bind(address):
            if address == "not-a-socket":
                return os.open("/dev/null", os.O_RDONLY)
            if address.startswith("/"):
                s = socket.socket(socket.AF_UNIX)
                s.bind(address)
            elif address.startswith("udp:"):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.bind(("127.0.0.1", int(address[4:])))
                return s.detach()
            elif address.startswith("*:"):
                s = socket.socket(socket.AF_INET6)
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                s.bind(("::", int(address[2:])))
            else:
                host, port = address.rsplit(":", 1)
                s = socket.socket()
                s.bind((host, int(port)))
            s.listen(1024)
            return s.detach()

        def start():
            child = os.fork()
            if child:
                print("started", child, flush=True)
                return child
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(sockets)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i, inheritable=True)
                os.close(fd)
            names = ":".join(f"name{i}" for i in range(len(sockets)))
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names)
            os.execvp(command[0], command)

        def on_signal(number, frame):
            global wanted
            wanted = number
            os.kill(child, signal.SIGTERM)

        sockets = [bind(address) for address in addresses]
        child = start()
        signal.signal(signal.SIGHUP, on_signal)
        signal.signal(signal.SIGTERM, on_signal)
        while True:
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if wanted != signal.SIGHUP:
                sys.exit(code)
            wanted = None
            child = start()
        """;

    /// <summary>The shell command that goes before the program.</summary>
    /// <param name="folder">The folder to which the script is written.</param>
    /// <param name="addresses">The addresses of the sockets.</param>
    public static string Command(string folder, params string[] addresses)
    {
        var script = Path.Combine(folder, "supervisor.py");
        File.WriteAllText(script, Script);
        return $"exec python3 {script} {string.Join(' ', addresses)} -- ";
    }
}
