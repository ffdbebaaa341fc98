using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

public sealed class FleetCommandTests
{
    private const string Document = """{ "Admin": { "Url": "http://127.0.0.1:0" } }""";

    [Fact]
    public async Task Fleet_Table_HasEachHostAndWhatAllDrain()
    {
        var fleet = new FakeFleet { Current = FakeFleet.Three };
        fleet.Drains[new("office", "a")] = new("A_2", "10.0.0.7", DateTimeOffset.UnixEpoch);
        await using var host = await TestHost.StartAsync(Document, fleet.AddTo);

        var (exit, output, errors) = await RunAsync(host, "fleet");

        Assert.True(exit == 0, errors);
        Assert.Matches("(?m)^HOST +VERSION +REVISION +SINCE +DOCUMENTS +HEALTH$", output);
        Assert.Matches("(?m)^A_1 \\* +1\\.2\\.3.* 0123456789ab .* etcd:edge 12 +Ok$", output);
        Assert.Matches("(?m)^A_2 +1\\.2\\.3 +ba9876543210 .* etcd:edge 9 \\(behind\\) +Ok, edit rejected$", output);
        Assert.Matches("(?m)^A_3 .* draining$", output);
        Assert.Matches("(?m)^office/a +1970-01-01 00:00:00Z +10\\.0\\.0\\.7 at A_2$", output);
    }

    [Fact]
    public async Task Fleet_StaleAndAnotherProcess_SaysSo()
    {
        var fleet = new FakeFleet
        {
            Current = FakeFleet.Three with { StaleSince = DateTimeOffset.UnixEpoch },
            Rival = new("e7", DateTimeOffset.UnixEpoch),
        };
        await using var host = await TestHost.StartAsync(Document, fleet.AddTo);

        var (_, output, _) = await RunAsync(host, "fleet", "-o", "wide");
        var (_, json, _) = await RunAsync(host, "fleet", "-o", "json");
        var (_, conditions, _) = await RunAsync(host, "conditions");

        Assert.Contains("has not answered since 1970-01-01 00:00:00Z", output, StringComparison.Ordinal);
        Assert.Contains("epoch e7", output, StringComparison.Ordinal);
        Assert.Matches("Down +Fleet +A_1 +InstanceTaken", conditions);
        using var answer = JsonDocument.Parse(json);
        Assert.Equal(3, answer.RootElement.GetProperty("hosts").GetArrayLength());
    }

    [Fact]
    public async Task Fleet_NoEngine_IsAnError()
    {
        await using var host = await TestHost.StartAsync(Document);

        var (exit, _, errors) = await RunAsync(host, "fleet");

        Assert.Equal(1, exit);
        Assert.Contains("in no fleet", errors, StringComparison.Ordinal);
    }

    private static Task<(int ExitCode, string Output, string Errors)> RunAsync(TestHost host, params string[] arguments) =>
        ProxyProcess.RunAsync([.. arguments, "--admin", host.Urls.Single().GetLeftPart(UriPartial.Authority)]);
}
