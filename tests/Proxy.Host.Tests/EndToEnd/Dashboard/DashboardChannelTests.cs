using System.Net;
using Proxy.Host.Tests.EndToEnd.Channels;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>Channels in the dashboard: three instances on one machine, and the page of the first.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardChannelTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Channels_ATunnelOpens_ItsMembersAndAddressesAreShown()
    {
        var port = Ports.Free();
        await using var three = await ThreeInstances.StartAsync(
            new() { ["Admin:Url"] = $"http://127.0.0.1:{port}", ["Admin:AllowChanges"] = "true" }
        );
        await three.ServeAsync(0, three.RingPort);
        await three.ServeAsync(1, three.RingPort);
        await using var operators = await chromium.OpenAsync(new Uri($"http://127.0.0.1:{port}"));
        await operators.GoAsync("#/channels");
        var ring = operators.Card("ring");
        var reached = $"{ThreeInstances.Ip(0, 1)}:{three.RingPort}";
        await Operator.FindsAsync(ring.Locator("tbody tr").Filter(new() { HasText = "A_2" }), reached);
        await Operator.FindsAsync(ring, $"listens on {ThreeInstances.Ip(0, 0)}:{three.RingPort}");

        using var caller = await TcpClientSocket.ConnectAsync(new IPEndPoint(IPAddress.Parse(ThreeInstances.Ip(0, 1)), three.RingPort));

        var tunnels = operators.Card("Tunnels").Locator("tbody tr");
        await Operator.FindsAsync(tunnels.Filter(new() { HasText = "to A_2" }), "ring");
        var members = operators.Card("Members").Locator("tbody tr");
        await Operator.FindsAsync(members.Filter(new() { HasText = "A_2" }), "up");
        await operators.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "ring" }).First.ClickAsync();
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "ring");
        await Screenshots.TakeAsync(operators, "channels");
    }
}
