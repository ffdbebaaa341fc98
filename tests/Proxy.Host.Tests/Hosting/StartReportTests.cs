using System.Text.RegularExpressions;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Hosting;

/// <summary>What the program says at its start.</summary>
public sealed class StartReportTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public async Task Start_RoutesHttpAndAdmin_SaysEachInALine()
    {
        var (tcp, http, admin) = (Ports.Free(), Ports.Free(), Ports.Free());
        // On a busy machine an event loop warns of a turn that took long, anywhere between the lines.
        await File.WriteAllTextAsync(
            _file,
            $$"""
            {
              "Logging": { "LogLevel": { "Proxy.Transports": "Error" } },
              "ReverseProxy": {
                "TcpEndpoints": { "edge": { "Address": "127.0.0.1:{{tcp}}" } },
                "TcpRoutes": {
                  "near": { "Match": { "Endpoints": ["edge"], "SourceNetworks": ["127.0.0.0/8"] }, "ClusterId": "c" },
                  "rest": { "Match": { "Endpoints": ["edge"] }, "ClusterId": "own", "Mode": "Lock", "Lock": { "MaxHold": "00:00:10" } }
                },
                "Routes": { "web": { "ClusterId": "h", "Match": { "Path": "{**rest}" } } },
                "Clusters": {
                  "c": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:9" } } },
                  "own": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:9" } } },
                  "h": { "Destinations": { "a": { "Address": "http://127.0.0.1:9" } } },
                  "unused": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:9" } } }
                }
              },
              "Kestrel": { "Endpoints": { "Web": { "Url": "http://127.0.0.1:{{http}}" } } },
              "Admin": { "Url": "http://127.0.0.1:{{admin}}" }
            }
            """
        );
        using var process = new ProxyProcess("", "--config", _file);
        await Eventually.TrueAsync(() => process.Errors.Contains("Ready in ", StringComparison.Ordinal));

        var lines = process.Errors.Split('\n').Select(static line => line.Split('Z', 2)[^1]).ToList();
        Assert.Matches($@"^ info  proxy \S+( \([0-9a-f]{{7}}\))? starts, configured by {Regex.Escape(_file)}\.$", lines[0]);
        Assert.Equal($" info  Endpoint edge listens on 127.0.0.1:{tcp} for near (Forward), rest (Lock).", lines[1]);
        Assert.Contains("unused", lines[2], StringComparison.Ordinal);
        Assert.StartsWith(" warn  ", lines[2], StringComparison.Ordinal);
        Assert.Equal($" info  HTTP listens on http://127.0.0.1:{http} for 1 HTTP route.", lines[3]);
        Assert.StartsWith(
            $" info  The admin endpoint listens on http://127.0.0.1:{admin}, with the dashboard at http://127.0.0.1:{admin}/ ",
            lines[4],
            StringComparison.Ordinal
        );
        Assert.Matches(@"^ info  Ready in [0-9]+ ms: configuration [0-9a-f]{12} with 3 routes and 1 warning\.$", lines[5]);
    }

    [Fact]
    public async Task Start_ManyAddresses_ListsSomeAndCountsTheOthers()
    {
        var routes = string.Join(',', Enumerable.Range(1, 25).Select(static i => Json.Route($"r{i}", address: $"127.0.0.{i}")));
        await File.WriteAllTextAsync(_file, Json.Routes(routes, 9));
        using var process = new ProxyProcess("", "--config", _file);
        await Eventually.TrueAsync(() => process.Errors.Contains("Ready in ", StringComparison.Ordinal));

        Assert.Equal(20, process.Errors.Split('\n').Count(static line => line.Contains(" listens on 127.", StringComparison.Ordinal)));
        Assert.Contains(" 5 more addresses are listened on", process.Errors, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_file);
}
