using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>
/// The pages of docs/tasks, each followed from its first line to its last. What a test adds is the rest of the reader's world: devices, servers, and
/// programs that would reach beyond this machine.
/// </summary>
public sealed class TaskPageTests
{
    private static readonly string _configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;

    [NetworkNamespaceFact("unshare", "curl", "jq", "mbpoll", "python3")]
    public async Task Inverter_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("192.168.1.20");
        await StartAsync(sandbox, "modbus_device.py", "502 tcp 192.168.1.20");

        await FollowAsync(sandbox, "inverter.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "jq", "python3")]
    public async Task LibreOffice_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();
        sandbox.AddProgram(
            "systemctl",
            $"""
            echo "$@" >> asked
            setsid /usr/bin/python3 '{Script("tcp_server.py")}' 'office
            ' 127.0.0.1:8100 > /dev/null 2>&1 &
            """
        );

        await FollowAsync(sandbox, "libreoffice.md");

        Assert.Equal("restart soffice", await sandbox.RequireAsync("cat asked")); // at the first client, and not at the second
    }

    [NetworkNamespaceFact("unshare", "curl", "jq", "redis-server", "redis-cli", "psql", "initdb", "runuser")]
    public async Task Databases_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("10.0.0.11", "10.0.0.12", "10.0.0.21", "10.0.0.22");
        await sandbox.RequireAsync(
            """
            redis-server --save '' --bind 10.0.0.11 --protected-mode no > redis1.log &
            """
        );
        // The certificate that the page makes here comes from the same authority, and so do those that the servers have been given.
        await sandbox.RequireAsync(
            "proxy certificates server --name db.example.com && for end in crt key; do mv certs/db.example.com.$end certs/server.$end; done"
        );
        await sandbox.RequireAsync(
            "redis-server --save '' --bind 10.0.0.12 --protected-mode no --replicaof 10.0.0.11 6379 --tls-port 6380 --tls-auth-clients no"
                + " --tls-ca-cert-file certs/ca.crt --tls-cert-file certs/server.crt --tls-key-file certs/server.key > redis2.log &"
        );
        await StartPostgresAsync(sandbox);
        sandbox.AddProgram("ssh", $"[ \"$*\" = '10.0.0.21 systemctl stop postgresql' ] && {Postgres("pg_ctl -D /mnt/pg/1 stop -m fast")}");

        await FollowAsync(sandbox, "databases.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "openssl", "python3")]
    public async Task HttpsAndSsh_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("10.0.0.12", "10.0.0.13", "10.0.0.14");
        await sandbox.RequireAsync(
            """
            mkdir site && echo 'the site' > site/index.html
            /usr/bin/python3 -m http.server 80 --bind 10.0.0.12 --directory site > site.log 2>&1 &
            openssl req -x509 -newkey rsa:2048 -nodes -keyout registry.key -out registry.crt -subj /CN=registry 2> /dev/null
            openssl s_server -accept 10.0.0.13:443 -key registry.key -cert registry.crt -quiet > registry.log 2>&1 &
            """
        );
        await StartAsync(sandbox, "tcp_server.py", "SSH-2.0-bastion 10.0.0.14:22");
        // A client that says what ssh says first. Real ones are in SharedPortTests: they need keys, and a user who may log in.
        sandbox.AddProgram(
            "ssh",
            """
            [ "$*" = '-p 443 127.0.0.1 hostname' ] && (echo SSH-2.0-client; sleep 1) | curl -sm 5 telnet://127.0.0.1:443 | grep -m 1 -o bastion
            """
        );

        await FollowAsync(sandbox, "https-and-ssh.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "jq", "python3")]
    public async Task LicenceServer_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("10.0.0.5", "10.0.0.31", "10.0.0.32", "10.0.0.33");
        await StartAsync(sandbox, "tcp_server.py", "'lmgrd at ADDRESS' 10.0.0.31:27000 10.0.0.32:27000");
        await StartAsync(sandbox, "tcp_server.py", "'daemon at ADDRESS' 10.0.0.31:27001 10.0.0.32:27001");
        await StartAsync(sandbox, "tcp_server.py", "'dongle' 10.0.0.33:6001");

        await FollowAsync(sandbox, "licence-server.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "redis-server", "redis-cli")]
    public async Task Embed_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();
        // There is no way out to a source of packages; what the application needs besides was restored for the tests.
        var packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await sandbox.RequireAsync(
            $"export RestorePackagesPath=$PWD/restored RestoreFallbackFolders='{packages}' RestoreSources=$PWD/packages NuGetAudit=false; redis-server --save '' > redis.log &"
        );
        AddDotnet(sandbox);

        await FollowAsync(sandbox, "embed.md");
    }

    [NetworkNamespaceFact("unshare", "systemd-analyze", "redis-server", "redis-cli", "install")]
    public async Task Systemd_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();
        await sandbox.RequireAsync("redis-server --save '' > redis.log &");
        // The folders of the machine, as the sandbox may change them.
        await sandbox.RequireAsync(
            """
            mkdir layer && mount -t tmpfs tmpfs layer && mkdir layer/upper layer/work && mount -t overlay overlay -o lowerdir=/etc,upperdir=layer/upper,workdir=layer/work /etc
            mount -t tmpfs tmpfs /opt
            """
        );
        LinkRepository(sandbox);
        sandbox.AddProgram("dotnet", $"mkdir -p /opt/proxy && cp -r '{AppContext.BaseDirectory}'* /opt/proxy/");
        sandbox.AddProgram(
            "systemctl",
            """
            case "$1" in
              daemon-reload) ! systemd-analyze verify --man=no /etc/systemd/system/proxy.service /etc/systemd/system/proxy.socket 2>&1 | grep 'proxy\.' ;;
              enable) $(sed -n 's/^ExecStart=//p' /etc/systemd/system/proxy.service) > proxy.log 2>&1 & ;;
            esac
            """
        );

        await FollowAsync(sandbox, "systemd.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "python3")]
    public async Task Kubernetes_Page_IsTrue()
    {
        if (Programs.Find("kubectl") is not { } kubectl)
        {
            return; // not required: that of Debian 12 is of 2020, before the patches of the page
        }

        await using var sandbox = await Sandbox.StartAsync();
        LinkRepository(sandbox);
        // An engine and a cluster are not here: what they are told is kept, and the program of the image is the one that is tested.
        sandbox.AddProgram(
            "podman",
            """
            echo "$@" >> asked
            case "$1" in
              build) test -e "$(echo "$@" | sed 's/.*-f \([^ ]*\).*/\1/')" ;;
              run) shift 3; proxy "$1" "$2" "$(echo "$3" | sed 's#^/opt/proxy/##')" ;;
            esac
            """
        );
        sandbox.AddProgram(
            "kubectl",
            $"""
            case "$1" in
              apply | rollout) echo "$@" >> asked ;;
              *) exec '{kubectl}' "$@" ;;
            esac
            """
        );

        await FollowAsync(sandbox, "kubernetes.md");

        Assert.Contains("apply -f all.yaml", await sandbox.RequireAsync("cat asked"), StringComparison.Ordinal);
        Assert.Contains("a-token-of-yours", await sandbox.RequireAsync("cat all.yaml"), StringComparison.Ordinal);
    }

    [NetworkNamespaceFact("unshare", "curl", "jq", "redis-cli", "promtool", "prometheus")]
    public async Task Alerts_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();
        LinkRepository(sandbox);

        await FollowAsync(sandbox, "alerts.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "python3")]
    public async Task FromTcplock_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();
        await StartAsync(sandbox, "tcp_server.py", "'hello from the service' 127.0.0.1:8100");
        sandbox.AddProgram("systemctl", "[ \"$*\" = 'restart service' ]");

        await FollowAsync(sandbox, "from-tcplock.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "mbpoll", "python3")]
    public async Task FromTcpMultiplexer_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("192.168.1.20");
        await StartAsync(sandbox, "tcp_server.py", "'' 127.0.0.1:1234");
        await StartAsync(sandbox, "modbus_device.py", "502 tcp 192.168.1.20");

        await FollowAsync(sandbox, "from-tcp-multiplexer.md");
    }

    [NetworkNamespaceFact("unshare", "curl", "python3")]
    public async Task FromTcpProxy_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync();

        await FollowAsync(sandbox, "from-tcp-proxy.md");
    }

    [NetworkNamespaceFact("unshare", "haproxy", "nginx", "openssl", "redis-server", "redis-cli")]
    public async Task FromHaproxyAndNginx_Page_IsTrue()
    {
        await using var sandbox = await Sandbox.StartAsync("10.0.0.11", "10.0.0.12", "10.0.0.13");
        await sandbox.RequireAsync(
            """
            redis-server --save '' --bind 10.0.0.11 --protected-mode no > redis.log &
            openssl req -x509 -newkey rsa:2048 -nodes -keyout mail.key -out mail.crt -subj /CN=mail 2> /dev/null
            openssl s_server -accept 10.0.0.13:993 -key mail.key -cert mail.crt -quiet > mail.log 2>&1 &
            """
        );
        // Debian builds the stream module apart from nginx, and loads it by its own configuration file.
        const string module = "/usr/lib/nginx/modules/ngx_stream_module.so";
        sandbox.AddProgram("nginx", $"exec '{Programs.Find("nginx")}' \"$@\" {(File.Exists(module) ? $"-g 'load_module {module};'" : "")}");

        await FollowAsync(sandbox, "from-haproxy-nginx.md");
    }

    private static Task FollowAsync(Sandbox sandbox, string page) => new PageRun(sandbox).RunAsync(Page.Read("docs", "tasks", page));

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Servers", name);

    // The system's Python has the modules; another one in the path may not.
    private static Task<string> StartAsync(Sandbox sandbox, string script, string arguments) =>
        sandbox.RequireAsync($"/usr/bin/python3 '{Script(script)}' {arguments} > /dev/null 2>&1 &");

    /// <summary>The commands are those of a reader in a clone: what they read is there, and nothing is written into the repository.</summary>
    private static void LinkRepository(Sandbox sandbox) =>
        Directory.CreateSymbolicLink(Path.Combine(sandbox.Folder, "config"), Repository.Path("config"));

    private static void AddDotnet(Sandbox sandbox) =>
        sandbox.AddProgram(
            "dotnet",
            $"""
            case "$1" in
              pack) shift; for project in Proxy.Core Proxy.Host; do '{Programs.Dotnet}' pack --no-build -c {_configuration} "$@" '{Repository.Path(
                "src"
            )}'/$project || exit; done ;;
              *) exec '{Programs.Dotnet}' "$@" ;;
            esac
            """
        );

    // PostgreSQL refuses to run as root.
    private static string Postgres(string command)
    {
        var program = command.Split(' ')[0];
        return $"runuser -u postgres -- sh -c \"cd / && {Programs.Find(program)}{command[program.Length..]} > /dev/null 2>&1\"";
    }

    private static async Task StartPostgresAsync(Sandbox sandbox)
    {
        await sandbox.RequireAsync("mount -t tmpfs tmpfs /mnt -o mode=1777 && mkdir /mnt/pg && chown postgres /mnt/pg");
        await sandbox.RequireAsync(Postgres("initdb -D /mnt/pg/1 -U app --auth=trust -N"));
        await sandbox.RequireAsync("cp -a /mnt/pg/1 /mnt/pg/2");
        foreach (var (folder, address) in new[] { ("1", "10.0.0.21"), ("2", "10.0.0.22") })
        {
            await sandbox.RequireAsync($"echo 'host all all all trust' >> /mnt/pg/{folder}/pg_hba.conf");
            await sandbox.RequireAsync(
                $"for end in crt key; do cp certs/server.$end /mnt/pg/{folder}/server.$end && chown postgres /mnt/pg/{folder}/server.$end; done"
            );
            await sandbox.RequireAsync(
                Postgres(
                    $"pg_ctl -D /mnt/pg/{folder} -w -l /mnt/pg/log{folder} -o '-c listen_addresses={address} -k /mnt/pg/{folder} -F -c ssl=on' start"
                )
            );
        }
    }
}
