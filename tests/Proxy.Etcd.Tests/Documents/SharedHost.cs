using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Conditions;
using Proxy.Conditions.Rules;
using Proxy.Etcd.Documents;
using Proxy.Revisions;

namespace Proxy.Etcd.Tests.Documents;

/// <summary>A proxy that runs with <c>etcd:fleet</c>, as the program runs it.</summary>
internal sealed class SharedHost : IAsyncDisposable
{
    private readonly SharedConfiguration _shared;
    private readonly WebApplication _app;

    private SharedHost(SharedConfiguration shared, WebApplication app, MemoryKeyStore store) =>
        (_shared, _app, Store) = (shared, app, store);

    public MemoryKeyStore Store { get; }

    public ProxyState State => _app.Services.GetRequiredService<ProxyStatus>().Current;

    public SharedDocument Document => Assert.Single(_app.Services.GetRequiredService<ConfigInspector>().SharedDocuments());

    public ConfigInspector Inspector => _app.Services.GetRequiredService<ConfigInspector>();

    /// <summary>The clusters that run.</summary>
    public string Clusters => string.Join(' ', State.Running!.Config.ReverseProxy.Clusters.Keys.Order());

    /// <summary>The conditions that are not as they should be.</summary>
    public IReadOnlyList<Condition> Wrong => _app.Services.GetRequiredService<ConditionRegistry>().Wrong();

    [SuppressMessage("Reliability", "CA2000", Justification = "Belongs to the host.")]
    public static async Task<SharedHost> StartAsync(
        SharedLayersFixture fixture,
        MemoryKeyStore? store = null,
        ConfigurationBuilder? sources = null
    )
    {
        store ??= fixture.Cluster.Join();
        sources ??= fixture.Sources();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        var shared = await SharedConfiguration.OpenAsync(sources, _ => store, fixture.Time, fixture.Log, limit.Token);
        var root = sources.Build();
        shared.FallBack(root, limit.Token);
        if (TcpProxyExtensions.Check(root, limit.Token) is { Errors: { Count: > 0 } errors })
        {
            await shared.DisposeAsync();
            throw new InvalidConfigException(errors);
        }

        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<ILoggerFactory>(fixture.Log);
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddTcpProxy().LoadDocument(root);
        var app = builder.Build();
        app.UseRouting();
        app.MapReverseProxy();
        await app.StartAsync(limit.Token);
        shared.Follow();
        return new(shared, app, store);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _shared.DisposeAsync();
    }
}
