using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Connections;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd.Handover;

/// <summary>An application with the library, whose own pages tell what Kestrel knows of a connection.</summary>
internal sealed class Application : IAsyncDisposable
{
    private static readonly string[] _unwatched = ["--hostBuilder:reloadConfigOnChange=false"];

    private const int BlockLength = 256 * 1024;
    private const int Blocks = 100;

    /// <summary>The length of the page <c>/large</c>.</summary>
    public const int LargeLength = BlockLength * Blocks;

    private int _flushesThatWaited;
    private int _flushesOnLoops;

    private Application(WebApplication app) => App = app;

    /// <summary>How many flushes of that page had to wait.</summary>
    public int FlushesThatWaited => _flushesThatWaited;

    /// <summary>How many of them went on outside of the thread pool.</summary>
    public int FlushesOnLoops => _flushesOnLoops;

    public WebApplication App { get; }

    /// <summary>The address of its route with Mode Http.</summary>
    public IPEndPoint Address => (IPEndPoint)App.Services.GetRequiredService<ProxyStatus>().Current.Bound.Values.Single();

    public static async Task<Application> StartAsync(bool listens = true, Resources? resources = null)
    {
        var builder = WebApplication.CreateBuilder(_unwatched);
        builder.Logging.ClearProviders();
        builder.Configuration["ReverseProxy:TcpRoutes:web:Listen"] = "127.0.0.1:0";
        builder.Configuration["ReverseProxy:TcpRoutes:web:Mode"] = "Http";
        builder.Services.AddSingleton(resources ?? Resources.OfProcess);
        builder.Services.AddTcpProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (listens)
            {
                kestrel.ListenHttpRoutes();
                kestrel.ListenHttpRoutes(); // as often as one likes
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        var app = builder.Build();
        app.MapGet("/", Describe);
        var application = new Application(app);
        app.MapGet("/large", application.WriteLargeAsync);
        app.MapReverseProxy();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return application;
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();

    private static string Describe(HttpContext context) =>
        string.Join(
            ' ',
            context.Request.Protocol,
            context.Request.Scheme,
            context.Connection.RemoteIpAddress,
            context.Connection.ClientCertificate?.Subject ?? "none",
            context.Features.Get<ITlsHandshakeFeature>()?.Protocol.ToString() ?? "none",
            Thread.CurrentThread.IsThreadPoolThread ? "pool" : "loop"
        );

    private async Task WriteLargeAsync(HttpContext context)
    {
        var block = new byte[BlockLength];
        for (var number = 0; number < Blocks; number++)
        {
            var writing = context.Response.Body.WriteAsync(block);
            if (!writing.IsCompleted)
            {
                Interlocked.Increment(ref _flushesThatWaited);
            }

            await writing;
            Interlocked.Add(ref _flushesOnLoops, Thread.CurrentThread.IsThreadPoolThread ? 0 : 1);
        }
    }
}
