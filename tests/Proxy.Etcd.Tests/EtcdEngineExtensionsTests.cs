using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Configuration.Engine;
using Proxy.Engine;
using Proxy.Etcd.Client;

namespace Proxy.Etcd.Tests;

public sealed class EtcdEngineExtensionsTests(EtcdFixture fixture) : IClassFixture<EtcdFixture>
{
    [EtcdFact]
    public async Task AddEtcdEngine_HostRuns_HasALeaseAndRevokesItLast()
    {
        var server = await fixture.ServerAsync();
        await using var other = EtcdClients.Of(server);
        var app = Build(server.Endpoints[0], "runs");
        await app.StartAsync();
        var client = app.Services.GetRequiredService<EtcdClient>();
        var keys = app.Services.GetRequiredService<EngineIdentity>().Keys;
        var term = await client.Lease.WaitAsync(CancellationToken.None);
        await client.PutAsync(keys.Member("A_1"), "1", term.Id);

        Assert.NotNull(await other.GetAsync(keys.Member("A_1"), CancellationToken.None));
        var status = app.Services.GetRequiredService<IEngine>().Status;
        Assert.Equal(
            (server.Endpoints[0], true, true),
            (status.Endpoint, status.LeaseLeft > TimeSpan.Zero, status.ConnectedSince is not null)
        );
        Assert.Equal(Condition.Ok(ConditionKind.Engine, "etcd"), Engine(app));
        await app.StopAsync();

        Assert.True(term.Ended.IsCancellationRequested);
        Assert.Null(await other.GetAsync(keys.Member("A_1"), CancellationToken.None));
        await app.DisposeAsync();
    }

    [EtcdFact]
    public async Task AddEtcdEngine_EngineIsAway_HostStartsAndStopsAndSaysSo()
    {
        await using var app = Build($"http://127.0.0.1:{Ports.Free()}", "away");
        await app.StartAsync();

        await Eventually.TrueAsync(() => Engine(app) is { Level: ConditionLevel.Down, Reason: ConditionReason.EngineUnreachable });
        Assert.Contains("cannot be connected: Connection refused", Engine(app).LastError, StringComparison.Ordinal);
        await app.StopAsync();
    }

    private static Condition Engine(WebApplication app) =>
        Assert.Single(app.Services.GetRequiredService<ConditionRegistry>().Read(), static one => one.Kind == ConditionKind.Engine);

    private static WebApplication Build(string endpoint, string group)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        var root = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("Engine:Etcd:Endpoints:0", (string?)endpoint)])
            .Build();
        builder
            .Services.AddTcpProxy()
            .LoadDocument(root)
            .AddEtcdEngine(
                new EngineConfig
                {
                    Group = group,
                    Instance = "A_1",
                    Etcd = new() { Endpoints = [endpoint] },
                }
            );
        var app = builder.Build();
        app.UseRouting();
        app.MapReverseProxy();
        return app;
    }
}
