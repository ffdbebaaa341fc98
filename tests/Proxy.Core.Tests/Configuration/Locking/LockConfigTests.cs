using Proxy.Configuration;
using Proxy.Configuration.Locking;

namespace Proxy.Core.Tests.Configuration.Locking;

public sealed class LockConfigTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    [Fact]
    public void Read_NothingButTheMode_Defaults()
    {
        var result = Read("'Mode': 'Lock'");

        Assert.Empty(result.Errors);
        Assert.Equal(new LockConfig(), result.Revision!.Config.ReverseProxy.TcpRoutes["office"].Lock ?? new LockConfig());
        Assert.True(Assert.Single(result.Revision.Bindings).InOrder);
    }

    [Fact]
    public void Read_EveryKey_AsWritten()
    {
        var result = Read(
            """
            'Mode': 'Lock', 'Lock': { 'Permits': 3, 'Scope': 'Host', 'MaxHold': '00:00:20', 'QueueLimit': 0, 'QueueTimeout': 'None', 'ReleaseDelay': '00:00:01',
              'DropQueued': 'OnReset', 'ActivateOn': 'FirstByte', 'OnActivate': [ { 'Delay': '00:00:01', 'AtStart': true } ], 'OnTimeout': [ { 'Exec': ['true'] } ], 'OnRelease': [ { 'Http': 'http://h' } ],
              'OnHookFailure': 'Proceed' }
            """
        );

        Assert.Empty(result.Errors);
        var config = result.Revision!.Config.ReverseProxy.TcpRoutes["office"].Lock!;
        Assert.Equal((3, 0, Timeout.InfiniteTimeSpan), (config.Permits, config.QueueLimit, config.QueueTimeout));
        Assert.Equal((TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1)), (config.MaxHold, config.ReleaseDelay));
        Assert.Equal((DropQueued.OnReset, HookFailureAction.Proceed), (config.DropQueued, config.OnHookFailure));
        Assert.Equal((ActivateOn.FirstByte, true), (config.ActivateOn, config.OnActivate[0].AtStart));
        Assert.Equal((1, 1, 1), (config.OnActivate.Count, config.OnTimeout.Count, config.OnRelease.Count));
    }

    [Theory]
    [InlineData("'Lock': {}", "office:Lock: is for routes with Mode Lock; this one has Mode Forward.")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'Permit': 2 }", "office:Lock:Permit: unknown key; did you mean 'Permits'?")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'Permits': 0 }", "office:Lock:Permits: ")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'Scope': 'Global' }", "office:Lock:Scope: 'Global' needs an engine, and there is none")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'WhenEngineLost': 'Local' }", "office:Lock:WhenEngineLost: is for locks with Scope Global")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'MaxHold': '00:00:00' }", "office:Lock:MaxHold: ")]
    [InlineData("'Mode': 'Lock', 'Lock': { 'OnActivate': [ {} ] }", "office:Lock:OnActivate:0: does nothing")]
    [InlineData(
        "'Mode': 'Lock', 'Lock': { 'OnTimeout': [ { 'Delay': '00:00:01', 'Every': 2 } ] }",
        "office:Lock:OnTimeout:0:Every: is possible in OnActivate only"
    )]
    [InlineData(
        "'Mode': 'Lock', 'Lock': { 'OnRelease': [ { 'Delay': '00:00:01', 'AtStart': true } ] }",
        "office:Lock:OnRelease:0:AtStart: is possible in OnActivate only"
    )]
    [InlineData(
        "'Mode': 'Lock', 'Lock': { 'ActivateOn': 'FirstBite' }",
        "office:Lock:ActivateOn: 'FirstBite' is not one of 'Connect', 'FirstByte'; did you mean 'FirstByte'?"
    )]
    [InlineData("'Mode': 'Lock', 'Lock': { 'OnRelease': [ { 'Hook': 'nobody' } ] }", "office:Lock:OnRelease:0:Hook: no hook 'nobody'")]
    public void Read_Wrong_SaysWhereAndWhy(string route, string error) =>
        Assert.Contains(error, Assert.Single(Read(route).Errors).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("'other': { 'Listen': '127.0.0.1:2', 'ClusterId': 'C' }", "")]
    [InlineData("", "'web': { 'ClusterId': 'c', 'Match': { 'Path': '/' } }")]
    public void Read_ClusterOfALockUsedByAnother_Refused(string tcp, string http)
    {
        var result = Read("'Mode': 'Lock'", tcp, http);

        Assert.Contains(result.Errors, static error => error.ToString().Contains("no permit would count", StringComparison.Ordinal));
    }

    [Fact]
    public void Read_ActiveHealthCheckOnALock_Refused()
    {
        var result = Read("'Mode': 'Lock'", cluster: "'HealthCheck': { 'Active': { 'Enabled': true } },");

        Assert.Contains("HealthCheck:Active:Enabled", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MorePermitsThanTheDestinationTakes_Refused()
    {
        var result = Read("'Mode': 'Lock', 'Lock': { 'Permits': 3 }", cluster: "'Tcp': { 'MaxConnectionsPerDestination': 2 },");

        Assert.Contains("office:Lock:Permits: 3 clients at once", Assert.Single(result.Errors).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_GlobalWithoutAPlaceToWait_Refused()
    {
        var result = Read("'Mode': 'Lock', 'Lock': { 'Scope': 'Global', 'QueueLimit': 0, 'WhenEngineLost': 'Local' }");

        Assert.Contains(
            result.Errors,
            static error => error.ToString().Contains("QueueLimit: 0 admits no client", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Read_TimeoutHookThatNeverRuns_Warned()
    {
        var result = Read("'Mode': 'Lock', 'IdleTimeout': '00:01:00', 'Lock': { 'OnTimeout': [ { 'Delay': '00:00:01' } ] }");

        Assert.Contains("never runs", Assert.Single(result.Warnings).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'Mode': 'Lock'", "keeps its permit for 01:00:00")]
    [InlineData("'Mode': 'Lock', 'IdleTimeout': '00:01:01'", "keeps its permit for 00:01:01")]
    [InlineData("'Mode': 'Lock', 'IdleTimeout': 'None', 'Lock': { 'MaxHold': 'None' }", "keeps its permit without limit")]
    [InlineData("'Mode': 'Lock', 'IdleTimeout': '00:01:00'", null)]
    [InlineData("'Mode': 'Lock', 'Lock': { 'MaxHold': '01:00:00' }", null)]
    [InlineData("'Mode': 'Forward'", null)]
    public void Read_SilentHolderBlocksTheOthers_Warned(string route, string? warning)
    {
        var about = Read(route)
            .Warnings.Select(static one => one.ToString())
            .Where(static one => one.Contains(":Lock:MaxHold", StringComparison.Ordinal));

        Assert.Equal(warning is null ? 0 : 1, about.Count(one => one.Contains(warning ?? "", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("'Mode': 'Lock'", 1)]
    [InlineData("'Mode': 'Forward'", 5)]
    [InlineData("'Mode': 'Lock', 'HalfCloseTimeout': '00:02:00'", 2)]
    public void Read_HalfCloseTimeout_ByMode(string route, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), Read(route).Revision!.Config.ReverseProxy.TcpRoutes["office"].HalfCloseTimeout);

    public void Dispose() => _document.Dispose();

    private ReadResult Read(string route, string tcp = "", string http = "", string cluster = "") =>
        _document.Read(
            $$"""
            { 'ReverseProxy': {
              'TcpRoutes': { 'office': { 'Listen': '127.0.0.1:1', 'ClusterId': 'c', {{route}} }{{(tcp.Length > 0 ? "," : "")}} {{tcp}} },
              'Routes': { {{http}} },
              'Clusters': { 'c': { {{cluster}} 'Destinations': { 'd': { 'Address': 'tcp://h:1' } } } } } }
            """.Replace('\'', '"')
        );
}
