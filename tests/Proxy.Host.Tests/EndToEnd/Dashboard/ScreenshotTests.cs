using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Revisions;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>Opens all views of a busy host; with PROXY_SCREENSHOTS=docs/images it creates the pictures of the documentation.</summary>
[Collection(BrowserTests.Name)]
public sealed class ScreenshotTests(Chromium chromium)
{
    private const int Echoes = 8; // servers send more than they receive

    // A route whose connections always fail.
    private const string Failing = """
        "mail": { "Listen": "127.0.0.5:0", "ClusterId": "mail" },
        """;

    [RealServerFact(Chromium.Program)]
    public async Task Views_OfABusyHost_AreShown()
    {
        await using var host = await DashboardHost.StartAsync(echoes: Echoes);
        await host.Host.EditAsync(host.Configuration(Failing));
        Assert.True(host.Host.Services.GetRequiredService<ClusterRegistry>().TryDrain("caches", "b"));
        await using var traffic = new Traffic(host);
        await using var light = await chromium.OpenAsync(host.Url);
        await using var dark = await chromium.OpenAsync(host.Url, new() { ColorScheme = ColorScheme.Dark });
        await light.GoAsync("");
        await dark.GoAsync("");
        await SnapshotsAsync(light, Screenshots.Wanted ? 150 : 3);
        await SnapshotsAsync(dark, Screenshots.Wanted ? 150 : 3);
        await Screenshots.TakeAsync(light, "overview");
        await Screenshots.TakeAsync(dark, "overview-dark");
        await Screenshots.TakeAsync(light, "phone", 390, 844);

        foreach (var (name, hash, seen) in Walk())
        {
            await light.Page.SetViewportSizeAsync(1360, 900);
            await light.Page.EvaluateAsync("hash => { location.hash = hash }", hash);
            await Operator.FindsAsync(light.Page.Locator("main"), seen);
            await Screenshots.TakeAsync(light, name);
        }

        await host.Host.WriteAsync(
            host.Configuration().Replace("\"office\": { \"Listen\"", "\"office\": { \"Lisen\"", StringComparison.Ordinal)
        );
        await light.Page.EvaluateAsync("location.hash = '#/configuration'");
        await Operator.FindsAsync(light.Page.Locator(".lines li.wrong").First, "did you mean 'Listen'?");
        await Screenshots.TakeAsync(light, "configuration");
    }

    private static IEnumerable<(string Name, string Hash, string Seen)> Walk() =>
        [
            ("routes", "#/routes", "Multiplex"),
            ("forward", "#/routes/cache", "Destinations"),
            ("lock", "#/routes/office", "Serving"),
            ("multiplex", "#/routes/inverter", "Connected"),
            ("clusters", "#/clusters", "FirstAlphabetical"),
            ("connections", "#/connections", "open connections"),
            ("about", "#/about", "Event loops"),
        ];

    // Waits until the store has a number of samples, so that charts show lines.
    private static async Task SnapshotsAsync(Operator operators, int count)
    {
        for (var seen = 0; seen < count; )
        {
            var before = seen;
            await Eventually.TrueAsync(async () =>
            {
                seen = await operators.Page.EvaluateAsync<int>("async () => (await import('./dashboard/store.js')).store.samples.length");
                return seen > before;
            });
        }
    }

    /// <summary>Clients of all routes, which connect, exchange data and disconnect.</summary>
    private sealed class Traffic : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly Random _random = new(7);
        private readonly DashboardHost _host;
        private readonly Task _running;

        public Traffic(DashboardHost host)
        {
            _host = host;
            _running = Task.WhenAll(
                Enumerable
                    .Repeat("cache", 14)
                    .Concat(Enumerable.Repeat("office", 5))
                    .Concat(Enumerable.Repeat("inverter", 4))
                    .Concat(["mail"])
                    .Select(RunAsync)
            );
            host.Answers.Release(1_000_000);
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ending.Dispose();
        }

        private async Task RunAsync(string route)
        {
            while (!_ending.IsCancellationRequested)
            {
                try
                {
                    using var client = await TcpClientSocket.ConnectAsync(_host.Address(route));
                    await TalkAsync(client);
                }
                catch (SocketException)
                {
                    // The route has no server, or the host has stopped.
                    await Task.Delay(20 * Pause(), TimeProvider.System, _ending.Token);
                }
            }
        }

        private async Task TalkAsync(TcpClientSocket client)
        {
            for (var i = _random.Next(4, 40); i > 0; i--)
            {
                await client.SendAsync(new string('x', _random.Next(1, 1000)) + "\n");
                if (await client.ReadAsync() is not { Length: > 0 })
                {
                    await Task.Delay(20 * Pause(), TimeProvider.System, _ending.Token);
                    return;
                }

                await Task.Delay(Pause(), TimeProvider.System, _ending.Token);
            }

            client.End();
            while (await client.ReadAsync() is { Length: > 0 })
            {
                // Reads to the end, since closing with unread data would be a reset.
            }
        }

        // The load rises and falls, so that charts do not show straight lines.
        private TimeSpan Pause() => TimeSpan.FromMilliseconds(_random.Next(20, 120) * (1.4 + Math.Sin(Environment.TickCount64 / 9000.0)));
    }
}
