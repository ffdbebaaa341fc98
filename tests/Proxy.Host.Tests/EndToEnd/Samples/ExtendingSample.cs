using System.Net;

namespace Proxy.Host.Tests.EndToEnd.Samples;

/// <summary>
/// Two processes of the sample Extending, as the instances A_1 and A_2 of one group, on free ports. Both have the channel <c>ring</c>, and
/// find each other through a folder. Clients use the routes of A_1.
/// </summary>
public sealed class ExtendingSample : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("extending-").FullName;
    private readonly int _ringPort = Ports.Free();

    /// <summary>The destinations a and b of the cluster <c>filled</c>.</summary>
    internal TcpServer First { get; } = new("a");

    internal TcpServer Second { get; } = new("b");

    /// <summary>The destination of the cluster <c>words</c>, an echo server.</summary>
    internal TcpServer Words { get; } = new("");

    internal TcpServer Turns { get; } = new("turn");

    internal int FilledPort { get; } = Ports.Free();

    internal int WordsPort { get; } = Ports.Free();

    internal int TurnsPort { get; } = Ports.Free();

    internal int WebPort { get; } = Ports.Free();

    /// <summary>The address at which a local server of A_1 would listen.</summary>
    internal IPEndPoint Own => new(IPAddress.Parse("127.10.0.3"), _ringPort);

    /// <summary>The address at A_1 that stands for A_2.</summary>
    internal IPEndPoint Other => new(IPAddress.Parse("127.10.0.4"), _ringPort);

    /// <summary>The address at which the local server of A_2 listens.</summary>
    internal IPEndPoint OtherServer => new(IPAddress.Parse("127.12.0.4"), _ringPort);

    internal SampleProcess A1 { get; private set; } = null!;

    internal SampleProcess A2 { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var one = Variables("A_1", "127.10.0.0/16");
        one["MYAPP_ReverseProxy__TcpRoutes__words__Listen"] = $"127.0.0.1:{WordsPort}";
        one["MYAPP_ReverseProxy__TcpRoutes__turns__Listen"] = $"127.0.0.1:{TurnsPort}";
        A1 = await StartAsync(one, FilledPort, WebPort);
        var two = Variables("A_2", "127.12.0.0/16");
        two["MYAPP_ReverseProxy__TcpRoutes__words__Listen"] = $"127.0.0.1:{Ports.Free()}";
        two["MYAPP_ReverseProxy__TcpRoutes__turns__Listen"] = $"127.0.0.1:{Ports.Free()}";
        A2 = await StartAsync(two, Ports.Free(), Ports.Free());
    }

    public Task DisposeAsync()
    {
        A1?.Dispose();
        A2?.Dispose();
        First.Dispose();
        Second.Dispose();
        Words.Dispose();
        Turns.Dispose();
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    private Task<SampleProcess> StartAsync(Dictionary<string, string> variables, int filled, int web) =>
        SampleProcess.StartAsync(
            "Extending",
            variables,
            $"--Filled=127.0.0.1:{filled}",
            $"--Web=127.0.0.1:{web}",
            $"--Members={_folder}/members"
        );

    private Dictionary<string, string> Variables(string id, string network) =>
        new()
        {
            ["MYAPP_ReverseProxy__Clusters__filled__Destinations__a__Address"] = $"tcp://127.0.0.1:{First.Port}",
            ["MYAPP_ReverseProxy__Clusters__filled__Destinations__b__Address"] = $"tcp://127.0.0.1:{Second.Port}",
            ["MYAPP_ReverseProxy__Clusters__words__Destinations__a__Address"] = $"tcp://127.0.0.1:{Words.Port}",
            ["MYAPP_ReverseProxy__Clusters__turns__Destinations__a__Address"] = $"tcp://127.0.0.1:{Turns.Port}",
            ["MYAPP_Channels__Instance__Id"] = id,
            ["MYAPP_Channels__Tunnel__Url"] = $"http://127.0.0.1:{Ports.Free()}",
            ["MYAPP_Channels__Loopback__Network"] = network,
            ["MYAPP_Channels__Loopback__StateFile"] = $"{_folder}/{id}.state.json",
            ["MYAPP_Channels__Items__ring__Port"] = $"{_ringPort}",
        };
}
