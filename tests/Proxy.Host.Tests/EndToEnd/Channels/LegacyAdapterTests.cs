namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>The predecessor's adapter of a legacy server, as in docs/channels.md, with a systemctl that records its arguments.</summary>
public sealed class LegacyAdapterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("adapter-").FullName;

    [Fact]
    public async Task Adapter_OfThePage_StartsReconfiguresAndStops()
    {
        await WriteAsync();
        var command = new Dictionary<string, string?>
        {
            ["Channels:Notify:Exec:0:Command:0"] = "/usr/bin/env",
            ["Channels:Notify:Exec:0:Command:1"] = $"PATH={_folder}:{Environment.GetEnvironmentVariable("PATH")}",
            ["Channels:Notify:Exec:0:Command:2"] = "sh",
            ["Channels:Notify:Exec:0:Command:3"] = $"{_folder}/adapter",
        };
        var server = $"legacy@{ThreeInstances.Ip(0, 0)}";
        await using (var three = await ThreeInstances.StartAsync(command))
        {
            await AsksAsync($"start {server}");
            await three.ServeAsync(1, three.RingPort);
            await Eventually.TrueAsync(() =>
                Read("members").Contains($"A_2={ThreeInstances.Ip(0, 1)}:{three.RingPort}", StringComparison.Ordinal)
            );
            await AsksAsync($"reload-or-restart {server}");
        }

        await AsksAsync($"stop {server}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Page() => File.ReadAllText(Repository.Path("docs", "channels.md"));

    // Only the folder differs: a test may not write to /etc.
    private async Task WriteAsync()
    {
        var script = Page().Split("```sh\n")[^1].Split("```")[0];
        Assert.Contains("/etc/legacy/members", script, StringComparison.Ordinal);
        await File.WriteAllTextAsync($"{_folder}/adapter", script.Replace("/etc/legacy", _folder, StringComparison.Ordinal));
        var systemctl = $"{_folder}/systemctl";
        await File.WriteAllTextAsync(systemctl, $"#!/bin/sh\necho \"$@\" >> {_folder}/asked\n");
        await Programs.RunAsync("chmod", "", "+x", systemctl);
    }

    private Task AsksAsync(string line) => Eventually.TrueAsync(() => Read("asked").Split('\n').Contains(line));

    private string Read(string file) => File.Exists($"{_folder}/{file}") ? File.ReadAllText($"{_folder}/{file}") : "";
}
