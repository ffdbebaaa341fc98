using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>The fleet: what each host runs, and draining for all of them.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardFleetTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Fleet_HostsAndDrains_AreShownAndEnded()
    {
        var fleet = new FakeFleet { Current = FakeFleet.Three };
        fleet.Drains[new(null, "B_7")] = new("A_2", "10.0.0.7", TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(30));
        await using var host = await DashboardHost.StartAsync(fleet: fleet);
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("");
        await Operator.FindsAsync(operators.Page.Locator(".notices"), "Member B_7 has been drained for all hosts for more than a day");
        await operators.Page.GetByRole(AriaRole.Link, new() { Name = "Fleet", Exact = true }).First.ClickAsync();
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "Fleet");

        await Operator.FindsAsync(operators.Row("A_1 (this host)"), "etcd:edge 12");
        await Operator.FindsAsync(operators.Row("A_2").First, "etcd:edge 9 (behind)");
        await Operator.FindsAsync(operators.Row("A_2").First, "ba9876543210 (differs)");
        await Operator.FindsAsync(operators.Row("A_3"), "Stopping");
        await Operator.SeesAsync(operators.Page.GetByText("1 host behind"));
        await Operator.SeesAsync(operators.Page.GetByText("0123456789ab, at 2 of 3 hosts"));
        await Operator.FindsAsync(operators.Row("Member B_7"), "10.0.0.7 at A_2");

        await operators.Button("Undrain for all hosts: Member B_7").ClickAsync();
        await operators.AnswerAsync("Undrain for all");

        await Operator.SeesAsync(operators.Page.GetByText("Nothing is drained for all hosts."));
        Assert.Empty(fleet.Drains);
    }

    [RealServerFact(Chromium.Program)]
    public async Task Drain_ForAllHosts_IsShownAtTheDestinationAndEnded()
    {
        var fleet = new FakeFleet { Current = FakeFleet.Three };
        await using var host = await DashboardHost.StartAsync(fleet: fleet);
        await using var operators = await chromium.OpenAsync(host.Url);
        await operators.GoAsync("#/clusters/caches");

        await operators.Button("Drain for all hosts: a").ClickAsync();
        await operators.AnswerAsync("Drain for all");
        await Operator.FindsAsync(operators.Row("a").First, "Drained for all hosts");
        await Operator.FindsAsync(operators.Row("a").First, "127.0.0.1 at A_1");
        using (var client = await TcpClientSocket.ConnectAsync(host.Address("cache")))
        {
            Assert.Equal("two", await client.ReadAsync());
        }

        await operators.Button("Undrain for all hosts: a").ClickAsync();
        await operators.AnswerAsync("Undrain for all");
        await Operator.FindsAsync(operators.Row("a").First, "Drain for all ");
        Assert.Empty(fleet.Drains);
    }

    [RealServerFact(Chromium.Program)]
    public async Task NoEngine_Fleet_IsNeitherInTheMenuNorAmongTheActions()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var operators = await chromium.OpenAsync(host.Url);
        operators.Expect("404");
        await operators.GoAsync("#/clusters/caches");

        await Operator.SeesAsync(operators.Button("Drain a"));
        await Operator.SeesNotAsync(operators.Button("Drain for all hosts: a"));
        await Operator.SeesNotAsync(operators.Page.Locator("#nav a[href='#/fleet']"));
        await operators.GoAsync("#/fleet");
        await Operator.SeesAsync(operators.Page.GetByText("This host is in no fleet"));
    }
}
