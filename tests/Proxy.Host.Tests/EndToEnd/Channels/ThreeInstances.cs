using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Reading;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>The three instances of config/examples/channels, with certificates of <c>proxy certificates</c>, on ports that are free.</summary>
internal sealed class ThreeInstances : IAsyncDisposable
{
    private static readonly string[] _files = ["a", "b", "c"];

    private readonly string _folder = Directory.CreateTempSubdirectory("channels-").FullName;
    private readonly int[] _tunnels = [Ports.Free(), Ports.Free(), Ports.Free()];
    private readonly List<WebApplication> _sites = [];

    private ThreeInstances() { }

    /// <summary>The hosts, A_1 to A_3.</summary>
    public List<TestHost> Hosts { get; } = [];

    /// <summary>The folder with the certificates.</summary>
    public string Certificates => $"{_folder}/certs";

    /// <summary>The ports of the tunnels.</summary>
    public IReadOnlyList<int> Tunnels => _tunnels;

    public int RingPort { get; } = Ports.Free();

    public int DbPort { get; } = Ports.Free();

    /// <param name="more">Keys beside those of a file.</param>
    /// <param name="at">Of which, from 0.</param>
    public static async Task<ThreeInstances> StartAsync(Dictionary<string, string?>? more = null, int at = 0)
    {
        var three = new ThreeInstances();
        var (exit, _, error) = await ProxyProcess.RunAsync("certificates", "--folder", $"{three._folder}/certs", "A_1", "A_2", "A_3");
        Assert.True(exit == 0, error);
        foreach (var (index, file) in _files.Index())
        {
            await three.StartAsync(file, index == at ? more ?? [] : []);
        }

        return three;
    }

    /// <summary>The address that stands for an instance's local server at itself, or for it at another.</summary>
    /// <param name="at">At which instance, from 0.</param>
    /// <param name="instance">Which instance, from 0.</param>
    public static string Ip(int at, int instance) => $"127.{10 + (2 * at)}.0.{3 + instance}";

    /// <summary>Runs a local program that says its name and who asked.</summary>
    public async Task ServeAsync(int instance, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(Ip(instance, instance)), port));
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync($"A_{instance + 1} {context.Connection.RemoteIpAddress}"));
        _sites.Add(app);
        await app.StartAsync();
    }

    /// <summary>Waits until A_1 knows that an instance serves <c>db</c>, and that instance knows A_1.</summary>
    public Task ServesAsync(int instance) =>
        Eventually.TrueAsync(() =>
            Channels(0).Members().Any(member => member.Id == $"A_{instance + 1}" && IsServer(member))
            && Channels(instance).Members().Any(static member => member.Id == "A_1")
        );

    /// <summary>An example's file.</summary>
    public static JsonFileSource Source(string file) =>
        new(Repository.Path("config", "examples", "channels", $"{file}.json")) { Watch = false };

    public ChannelRegistry Channels(int instance) => Hosts[instance].Services.GetRequiredService<ChannelRegistry>();

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites)
        {
            await site.StopAsync();
            await site.DisposeAsync();
        }

        foreach (var host in Hosts)
        {
            await host.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsServer(MemberStatus member) =>
        member.State == MemberState.Up && member.Connectors.Any(static part => part is { Name: "db", Serves: true });

    private async Task StartAsync(string file, Dictionary<string, string?> more)
    {
        var index = Array.IndexOf(_files, file);
        var layer = new Dictionary<string, string?>(more)
        {
            ["Channels:Tunnel:Url"] = $"https://127.0.0.1:{_tunnels[index]}",
            ["Channels:Tunnel:Certificate:Path"] = $"{_folder}/certs/A_{index + 1}.crt",
            ["Channels:Tunnel:Certificate:KeyPath"] = $"{_folder}/certs/A_{index + 1}.key",
            ["Channels:Tunnel:TrustBundle"] = $"{_folder}/certs/ca.crt",
            ["Channels:Tunnel:DrainTimeout"] = "00:00:00",
            ["Channels:Loopback:StateFile"] = $"{_folder}/{file}.state.json",
            ["Channels:Items:ring:Port"] = $"{RingPort}",
            ["Channels:Items:db:Port"] = $"{DbPort}",
        };
        foreach (var (number, port) in _tunnels.Index())
        {
            layer[$"Channels:Membership:Members:A_{number + 1}:Address"] = $"127.0.0.1:{port}";
        }

        Hosts.Add(await TestHost.StartAsync(layer, "config", "examples", "channels", $"{file}.json"));
    }
}
