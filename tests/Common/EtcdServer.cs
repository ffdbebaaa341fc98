using System.Diagnostics;
using System.Globalization;

namespace Proxy.Testing;

/// <summary>
/// A real etcd cluster of one or more members on this machine. A test can kill, freeze and start its members and take its data. Its files are in a folder in memory,
/// where there is one, so that writing costs little.
/// </summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private static readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly string _folder = Directory
        .CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"proxy-etcd-{Guid.NewGuid():n}"))
        .FullName;

    private readonly List<Member> _members = [];
    private readonly EtcdTls? _tls;
    private readonly string[] _more;
    private int _token;

    private EtcdServer(EtcdTls? tls, string[] more) => (_tls, _more) = (tls, more);

    /// <summary>The URLs for clients, in the order of the members.</summary>
    public IReadOnlyList<string> Endpoints => [.. _members.Select(member => Url(member.Port))];

    private string Scheme => _tls is null ? "http" : "https";

    /// <summary>Starts a cluster, and waits until it serves.</summary>
    /// <param name="members">How many members.</param>
    /// <param name="tls">The certificates for clients; null for none.</param>
    /// <param name="more">More arguments of each member.</param>
    public static async Task<EtcdServer> StartAsync(int members = 1, EtcdTls? tls = null, params string[] more)
    {
        var server = new EtcdServer(tls, more);
        for (var i = 0; i < members; i++)
        {
            server._members.Add(new(Ports.Free(), Ports.Free(), Ports.Free()));
        }

        await server.StartAllAsync();
        return server;
    }

    /// <summary>Ends a member at once, as a lost machine.</summary>
    public async Task KillAsync(int member = 0)
    {
        if (_members[member].Process is { } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            _members[member].Process = null;
        }
    }

    /// <summary>Starts a member that was killed, and waits until it serves.</summary>
    public async Task RestartAsync(int member = 0)
    {
        Start(member);
        await ServesAsync(member);
    }

    /// <summary>Stops a member as it is: its connections stay, and nothing is answered.</summary>
    public void Freeze(int member = 0) => Signal(member, "STOP");

    /// <summary>Lets a frozen member go on.</summary>
    public void Thaw(int member = 0) => Signal(member, "CONT");

    /// <summary>Loses all data of all members: the cluster begins anew, as another one.</summary>
    public async Task LoseDataAsync()
    {
        for (var i = 0; i < _members.Count; i++)
        {
            await KillAsync(i);
            Directory.Delete(DataOf(i), recursive: true);
        }

        await StartAllAsync();
    }

    /// <summary>Loses all that was written since a snapshot, as a cluster that was restored from it.</summary>
    /// <param name="snapshot">The file that <c>etcdctl snapshot save</c> has written.</param>
    public async Task RestoreAsync(string snapshot)
    {
        await KillAsync();
        Directory.Delete(DataOf(0), recursive: true);
        await Programs.RunAsync(
            "etcdctl",
            "",
            "snapshot",
            "restore",
            snapshot,
            "--data-dir",
            DataOf(0),
            "--name",
            "m0",
            "--initial-cluster",
            Cluster(),
            "--initial-advertise-peer-urls",
            PeerUrl(0),
            "--initial-cluster-token",
            Token
        );
        await RestartAsync();
    }

    /// <summary>The number of the member that leads.</summary>
    public async Task<int> LeaderAsync()
    {
        var leader = -1;
        await Eventually.TrueAsync(async () =>
        {
            for (var i = 0; i < _members.Count && leader < 0; i++)
            {
                leader = await LeadsAsync(i) ? i : -1;
            }

            return leader >= 0;
        });
        return leader;
    }

    /// <summary>Runs etcdctl.</summary>
    /// <returns>Its output.</returns>
    public Task<string> ControlAsync(params string[] arguments) => ControlAsAsync(null, arguments);

    /// <summary>Runs etcdctl as a user: <c>name:password</c>.</summary>
    /// <returns>Its output.</returns>
    public Task<string> ControlAsAsync(string? user, params string[] arguments) =>
        Programs.RunAsync("etcdctl", "", [.. Global(user), .. arguments]);

    /// <summary>A file in the folder of the cluster.</summary>
    public string FileOf(string name) => Path.Combine(_folder, name);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < _members.Count; i++)
        {
            await KillAsync(i);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Token => string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(_folder)}-{_token}");

    private string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"{Scheme}://127.0.0.1:{port}");

    private string PeerUrl(int member) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_members[member].PeerPort}");

    private string HealthUrl(int member) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_members[member].HealthPort}");

    private string DataOf(int member) => Path.Combine(_folder, $"m{member}");

    private string Cluster() => string.Join(',', _members.Select((_, i) => $"m{i}={PeerUrl(i)}"));

    private IEnumerable<string> Global(string? user) =>
        [
            $"--endpoints={string.Join(',', Endpoints)}",
            "--dial-timeout=120s", // its own limits are of seconds
            "--command-timeout=120s",
            .. user is null ? Array.Empty<string>() : [$"--user={user}"],
            .. _tls is null ? Array.Empty<string>() : [$"--cacert={_tls.Authority}", $"--cert={_tls.Certificate}", $"--key={_tls.Key}"],
        ];

    private async Task StartAllAsync()
    {
        _token++;
        for (var i = 0; i < _members.Count; i++)
        {
            Start(i);
        }

        for (var i = 0; i < _members.Count; i++)
        {
            await ServesAsync(i);
        }
    }

    private void Start(int member)
    {
        var one = _members[member];
        List<string> arguments =
        [
            "--name",
            $"m{member}",
            "--data-dir",
            DataOf(member),
            "--listen-client-urls",
            Url(one.Port),
            "--advertise-client-urls",
            Url(one.Port),
            "--listen-peer-urls",
            PeerUrl(member),
            "--initial-advertise-peer-urls",
            PeerUrl(member),
            "--initial-cluster",
            Cluster(),
            "--initial-cluster-token",
            Token,
            "--listen-metrics-urls",
            HealthUrl(member),
            "--heartbeat-interval",
            "50",
            "--election-timeout",
            "500",
            "--logger",
            "zap",
            "--log-level",
            "error",
            .. _more,
        ];
        if (_tls is not null)
        {
            arguments.AddRange([
                "--cert-file",
                _tls.Certificate,
                "--key-file",
                _tls.Key,
                "--trusted-ca-file",
                _tls.Authority,
                $"--client-cert-auth={(_tls.AsksForCertificates ? "true" : "false")}",
            ]);
        }

        one.Process = Programs.Start("etcd", [.. arguments]);
    }

    private async Task ServesAsync(int member) =>
        await Eventually.TrueAsync(async () =>
            _members[member].Process is { HasExited: true }
                ? throw new InvalidOperationException($"etcd has ended with {_members[member].Process!.ExitCode}.")
                : (await AskAsync(member, "/health"))?.Contains("true", StringComparison.Ordinal) is true
        );

    private async Task<bool> LeadsAsync(int member) =>
        (await AskAsync(member, "/metrics"))?.Contains("etcd_server_is_leader 1", StringComparison.Ordinal) is true;

    private async Task<string?> AskAsync(int member, string path)
    {
        try
        {
            return await _client.GetStringAsync(new Uri(HealthUrl(member) + path));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private void Signal(int member, string signal)
    {
        var id = _members[member].Process!.Id.ToString(CultureInfo.InvariantCulture);
        using var kill = Process.Start("kill", [$"-{signal}", id]);
        kill.WaitForExit();
    }

    private sealed class Member(int port, int peerPort, int healthPort)
    {
        public int Port => port;

        public int PeerPort => peerPort;

        public int HealthPort => healthPort;

        public Process? Process { get; set; }
    }
}

/// <summary>The certificates of a cluster, each a PEM file.</summary>
/// <param name="Authority">The authority, also of clients.</param>
/// <param name="Certificate">The certificate of the members.</param>
/// <param name="Key">Its key.</param>
/// <param name="AsksForCertificates">Whether clients have to show one.</param>
internal sealed record EtcdTls(string Authority, string Certificate, string Key, bool AsksForCertificates);
