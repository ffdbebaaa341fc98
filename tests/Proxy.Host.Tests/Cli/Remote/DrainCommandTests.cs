using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels.Membership;
using Proxy.Host.Tests.Admin;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli.Remote;

/// <summary>Drains for all hosts, and of members; those of one host's destinations are in <see cref="RemoteCommandTests"/>.</summary>
public sealed class DrainCommandTests : IAsyncLifetime
{
    private readonly FakeFleet _fleet = new();
    private TestHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), 1)), _fleet.AddTo);
        var member = new MemberRecord("B_1", "e", "127.0.0.1:1", IPAddress.Loopback);
        _host.Services.GetRequiredService<MemberDirectory>().Apply(new MembershipUpdate.Changed(member));
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Drain_AllHosts_IsShownAndEndedForAll()
    {
        Assert.Equal("c/d0 drained for all hosts, 0 open", await PrintAsync("drain", "c/d0", "--all-hosts"));
        Assert.Equal("c/d0 drained here and for all hosts, 0 open", await PrintAsync("drain", "c/d0"));
        Assert.Matches(
            "c/d0 .* drained for all hosts .* this host, all hosts \\(127.0.0.1 at A_1, ",
            await PrintAsync("destinations", "-o", "wide")
        );
        Assert.Equal("c/d0 drained, 0 open", await PrintAsync("undrain", "c/d0", "--all-hosts"));
        Assert.Equal("c/d0 in use, 0 open", await PrintAsync("drain", "--undo", "c/d0"));
        Assert.Empty(_fleet.Drains);
    }

    [Fact]
    public async Task Undrain_AllHostsAndNoSuchDestinationHere_SaysSo()
    {
        _fleet.Drains[new("c", "gone")] = new(null, null, null);

        Assert.StartsWith(
            "c/gone is not drained for all hosts",
            await PrintAsync("undrain", "c/gone", "--all-hosts"),
            StringComparison.Ordinal
        );
        _fleet.Drains[new("c", "gone")] = new(null, null, null);
        using var json = JsonDocument.Parse(await PrintAsync("undrain", "c/gone", "--all-hosts", "-o", "json"));

        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("destination").ValueKind);
    }

    [Fact]
    public async Task Drain_Member_IsShownAmongTheMembers()
    {
        Assert.Equal("member B_1 drained", await PrintAsync("drain", "--member", "B_1"));
        Assert.Matches("(?m)^B_1 +drained ", await PrintAsync("members"));
        Assert.Equal("member B_1 drained here and for all hosts", await PrintAsync("drain", "--member", "B_1", "--all-hosts"));
        Assert.Equal("member B_1 drained for all hosts", await PrintAsync("undrain", "--member", "B_1"));
        Assert.Equal("member B_1 in use", await PrintAsync("drain", "--member", "B_1", "--all-hosts", "--undo"));
    }

    [Theory]
    [InlineData("drain")]
    [InlineData("undrain")]
    [InlineData("drain", "c/d0", "--member", "B_1")]
    [InlineData("drain", "--member", "B_1", "--wait", "1")]
    [InlineData("drain", "--member", "B_1", "--close")]
    public async Task Drain_BadUsage_ExitsWithTwo(params string[] arguments)
    {
        var (exit, _, errors) = await RunAsync(arguments);

        Assert.Equal(2, exit);
        Assert.NotEmpty(errors);
    }

    private async Task<string> PrintAsync(params string[] arguments)
    {
        var (exit, output, errors) = await RunAsync(arguments);
        Assert.True(exit == 0, errors);
        return output.Trim();
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProxyProcess.RunAsync([.. arguments, "--admin", _host.Urls.Single().GetLeftPart(UriPartial.Authority)]);
}
