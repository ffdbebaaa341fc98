using System.Net;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

public sealed class FleetApiTests
{
    private const string Document = $$"""{ "Admin": {{AdminClient.Changes}} }""";

    [Fact]
    public async Task Get_NoEngine_IsAbsent()
    {
        await using var host = await TestHost.StartAsync(Document);
        using var api = new AdminClient(host);

        Assert.Contains("Engine", await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Get, "/api/fleet"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Fleet_SaysWhatEachHostRunsAndWhatAllDrain()
    {
        var fleet = new FakeFleet { Current = FakeFleet.Three };
        fleet.Drains[new("office", "a")] = new("A_2", "10.0.0.7", TimeProvider.System.GetUtcNow());
        fleet.Drains[new(null, "B_1")] = new(null, null, null);
        await using var host = await TestHost.StartAsync(Document, fleet.AddTo);
        using var api = new AdminClient(host);

        var answer = await api.GetAsync("/api/fleet");

        Assert.Equal(("A_1", "0123456789ab"), (Text(answer, "instance"), Text(answer, "usualRevision")));
        var second = answer.GetProperty("hosts")[1];
        Assert.Equal(("A_2", "ba9876543210", "Ok"), (Text(second, "instance"), Text(second, "revision"), Text(second, "level")));
        Assert.Equal("etcd:edge", second.GetProperty("behind")[0].GetString());
        Assert.Equal(9, second.GetProperty("documents")[0].GetProperty("revision").GetInt64());
        var document = Assert.Single(answer.GetProperty("documents").EnumerateArray());
        Assert.Equal(
            (12, 3, 1),
            (document.GetProperty("newest").GetInt64(), document.GetProperty("hosts").GetInt32(), document.GetProperty("behind").GetInt32())
        );
        var (member, destination) = (answer.GetProperty("drains")[0], answer.GetProperty("drains")[1]);
        Assert.Equal(("B_1", "office", "a"), (Text(member, "member"), Text(destination, "cluster"), Text(destination, "destination")));
        Assert.Equal("10.0.0.7", Text(destination.GetProperty("by"), "client"));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
