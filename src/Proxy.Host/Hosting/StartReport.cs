using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Proxy.Configuration.Reading;
using Proxy.Handover;
using Proxy.Host.Demo;
using Proxy.Host.Observability;
using Proxy.Revisions;

namespace Proxy.Host.Hosting;

/// <summary>Logs in a few lines what has started: the version, the files, the HTTP and admin addresses, and when all is ready.</summary>
/// <remarks>The endpoints and the warnings of the configuration are logged where they are bound and found, as at an edit.</remarks>
internal sealed partial class StartReport(
    IConfigurationRoot configuration,
    ProxyStatus status,
    IServer server,
    TimeProvider time,
    ILogger<StartReport> logger
) : IHostedLifecycleService
{
    private const int MostAddresses = 10;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        var files = Files();
        Log.Starting(logger, BuildVersion.Short, files);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (status.Current.Running is not { } running)
        {
            return Task.CompletedTask;
        }

        var admin = running.Config.Admin is { } found ? new Uri(found.Url) : null;
        var addresses = (server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            .Where(static address => new Uri(address).Host != HandoverEndPoint.Name)
            .ToList();
        var demo = running.Config.Demo.Enabled ? DemoSite.Address.Authority : null;
        var proxied = addresses.Where(address => !IsAdmin(address, admin) && new Uri(address).Authority != demo).ToList();
        if (proxied.Count > 0)
        {
            var (listed, count) = (List(proxied), Count(running.HttpRoutes.Count, "HTTP route"));
            Log.Http(logger, listed, count);
        }

        // With port 0, the address that was bound is the one to show.
        if (admin is not null && (addresses.FirstOrDefault(address => IsAdmin(address, admin)) ?? running.Config.Admin!.Url) is var url)
        {
            var (shown, changes) = (url.TrimEnd('/'), running.Config.Admin!.AllowChanges);
            Log.Admin(logger, shown, changes ? "allowed" : "not allowed (Admin:AllowChanges is false)");
        }

        if (running.Config.Channels is { } group)
        {
            var names = List([.. group.Items.Keys]);
            Log.Channels(logger, group.Instance.Id, group.Group, group.Tunnel.Url, names);
        }

        if (demo is not null)
        {
            Log.Demo(logger);
        }

        var routes = Count(running.Config.ReverseProxy.TcpRoutes.Count + running.HttpRoutes.Count, "route");
        var (warnings, milliseconds) = (Count(running.Warnings.Count, "warning"), SinceStart());
        Log.Ready(logger, milliseconds, running.Id, routes, warnings);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string Files()
    {
        var files = configuration.Providers.OfType<DocumentProvider>().Select(static document => document.Name).ToList();
        return files.Count == 0 ? "options" : List(files);
    }

    // The admin endpoint may be given as localhost, which is bound as two addresses.
    private static bool IsAdmin(string address, Uri? admin) =>
        admin is not null
        && Uri.TryCreate(address, UriKind.Absolute, out var bound)
        && bound.Scheme == admin.Scheme
        && (bound.Port == admin.Port || admin.Port == 0)
        && (bound.Host == admin.Host || (bound.IsLoopback && admin.IsLoopback));

    private static string List(List<string> items) =>
        items.Count > MostAddresses
            ? $"{string.Join(", ", items.Take(MostAddresses))} and {items.Count - MostAddresses} more"
            : string.Join(", ", items);

    private static string Count(int count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    // From the start of the process, which is what whoever waits for the program has waited.
    private long SinceStart()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Max(0, (long)(time.GetUtcNow() - process.StartTime.ToUniversalTime()).TotalMilliseconds);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "proxy {Version} starts, configured by {Files}.")]
        public static partial void Starting(ILogger logger, string version, string files);

        [LoggerMessage(LogLevel.Information, "HTTP listens on {Addresses} for {Routes}.")]
        public static partial void Http(ILogger logger, string addresses, string routes);

        [LoggerMessage(LogLevel.Information, "The admin endpoint listens on {Url}, with the dashboard at {Url}/ and changes {Changes}.")]
        public static partial void Admin(ILogger logger, string url, string changes);

        [LoggerMessage(
            LogLevel.Information,
            "Channels of instance {Instance} in group {Group}: {Channels}; tunnels of others arrive at {Url}."
        )]
        public static partial void Channels(ILogger logger, string instance, string group, string? url, string channels);

        [LoggerMessage(LogLevel.Information, "Demo: built-in servers listen on 127.0.0.1:17001 to 17004 (Demo:Enabled).")]
        public static partial void Demo(ILogger logger);

        [LoggerMessage(LogLevel.Information, "Ready in {Milliseconds} ms: configuration {Revision} with {Routes} and {Warnings}.")]
        public static partial void Ready(ILogger logger, long milliseconds, string revision, string routes, string warnings);
    }
}
