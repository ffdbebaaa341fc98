using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>Draining members, at one host and for all.</summary>
public sealed class MemberApiTests
{
    private const string Document = $$"""{ "Admin": {{AdminClient.Changes}} }""";

    [Fact]
    public async Task Drain_Member_IsShownAndPickedNoMoreUntilUndrain()
    {
        await using var host = await StartAsync(null);
        using var api = new AdminClient(host);

        var (status, _) = await api.SendAsync(HttpMethod.Post, "/api/members/B_1/drain");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(host.Services.GetRequiredService<DrainedMembers>().Has("B_1"));
        Assert.Equal((true, true, "Drained"), await DrainedAsync(api));
        await api.SendAsync(HttpMethod.Post, "/api/members/B_1/undrain");
        Assert.Equal((false, false, "None"), await DrainedAsync(api));
        Assert.Contains(
            "B_2",
            await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Post, "/api/members/B_2/drain"),
            StringComparison.Ordinal
        );
        await api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/members/B_1/drain?allHosts=true");
    }

    [Fact]
    public async Task Drain_ForAllHosts_LastsUntilUndrainForAll()
    {
        var fleet = new FakeFleet();
        await using var host = await StartAsync(fleet);
        using var api = new AdminClient(host);

        await api.SendAsync(HttpMethod.Post, "/api/members/B_1/drain?allHosts=true");
        Assert.Equal((true, false, "Drained"), await DrainedAsync(api));
        await api.SendAsync(HttpMethod.Post, "/api/members/B_1/undrain");
        Assert.Equal((true, false, "Drained"), await DrainedAsync(api));
        Assert.Equal(new(null, "B_1"), Assert.Single(fleet.Drains).Key);

        await api.SendAsync(HttpMethod.Post, "/api/members/B_1/undrain?allHosts=true");
        Assert.Equal((false, false, "None"), await DrainedAsync(api));
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Post, "/api/members/B_2/drain?allHosts=true");
        fleet.Drains[new(null, "B_2")] = new(null, null, null);
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Post, "/api/members/B_2/undrain?allHosts=true")).Status);
        Assert.Empty(fleet.Drains);
    }

    private static async Task<TestHost> StartAsync(FakeFleet? fleet)
    {
        var host = await TestHost.StartAsync(Document, fleet is null ? null : fleet.AddTo);
        var member = new MemberRecord("B_1", "e", "127.0.0.1:1", IPAddress.Loopback);
        host.Services.GetRequiredService<MemberDirectory>().Apply(new MembershipUpdate.Changed(member));
        return host;
    }

    private static async Task<(bool Drained, bool Here, string? Reason)> DrainedAsync(AdminClient api)
    {
        var member = Assert.Single((await api.GetAsync("/api/members")).GetProperty("members").EnumerateArray());
        return (
            member.GetProperty("drained").GetBoolean(),
            member.GetProperty("drainedHere").GetBoolean(),
            member.GetProperty("condition").GetProperty("reason").GetString()
        );
    }
}
