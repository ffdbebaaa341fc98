namespace Proxy.Host.Tests.EndToEnd.Channels;

/// <summary>The adapter of a legacy server, as it stands in docs/tasks/from-tcp-proxy.md, with a systemctl that records its arguments.</summary>
public sealed class LegacyAdapterTests : IAsyncLifetime
{
    private const string Server = "legacy@127.0.0.12";

    private readonly string _folder = Directory.CreateTempSubdirectory("adapter-").FullName;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync($"{_folder}/adapter", Page().Split("```sh\n")[^1].Split("```")[0]);
        var systemctl = $"{_folder}/systemctl";
        await File.WriteAllTextAsync(systemctl, $"#!/bin/sh\necho \"$@\" >> {_folder}/asked\n");
        await Programs.RunAsync("chmod", "", "+x", systemctl);
    }

    [Fact]
    public async Task Adapter_Host_StartsReconfiguresAndStops()
    {
        var command = Environment()
            .Prepend("/usr/bin/env")
            .Concat(["sh", $"{_folder}/adapter"])
            .Index()
            .ToDictionary(static part => $"Channels:Notify:Exec:0:Command:{part.Index}", static string? (part) => part.Item);
        var server = $"legacy@{ThreeInstances.Ip(0, 0)}";
        await using (var three = await ThreeInstances.StartAsync(command))
        {
            await Eventually.TrueAsync(() => Asked().Contains($"reload-or-restart {server}")); // which starts it
            await three.ServeAsync(1, three.RingPort);
            await Eventually.TrueAsync(() => Members() == $"A_2={ThreeInstances.Ip(0, 1)}:{three.RingPort}\n");
        }

        await Eventually.TrueAsync(() => Asked().Contains($"stop {server}"));
        Assert.NotEqual("", Members()); // the end of the channel is no list without members
    }

    [Fact]
    public async Task Adapter_ChangesBeforeReady_ServerAndItsListAreLeftAlone()
    {
        await File.WriteAllTextAsync($"{_folder}/members", "of the last run\n");

        await NotifyAsync("change", "db", "");
        await NotifyAsync("change", "ring", "");
        await NotifyAsync("change", "ring", "A_2=127.0.0.4:9100");

        Assert.Empty(Asked());
        Assert.Equal("of the last run\n", Members());
        await NotifyAsync("ready", "", "");
        Assert.Equal([$"reload-or-restart {Server}"], Asked());
        Assert.Equal("A_2=127.0.0.4:9100\n", Members());
    }

    [Fact]
    public async Task Adapter_ReadyOfAnEarlierStart_IsNotTakenForThisOne()
    {
        await NotifyAsync("change", "ring", "A_2=127.0.0.4:9100");
        await NotifyAsync("ready", "", "");

        await NotifyAsync("change", "ring", "", boot: "second");

        Assert.Single(Asked());
        Assert.Equal("A_2=127.0.0.4:9100\n", Members());
    }

    [Fact]
    public async Task Adapter_AfterReady_FollowsItsChannelUntilClose()
    {
        await NotifyAsync("change", "ring", "");
        await NotifyAsync("ready", "", "");
        Assert.Equal("", Members());

        await NotifyAsync("change", "ring", "A_2=127.0.0.4:9100 A_3=127.0.0.5:9100");
        await NotifyAsync("change", "db", "B_1=127.0.0.9:9200");
        await NotifyAsync("change", "ring", "", listening: "0");

        Assert.Equal("A_2=127.0.0.4:9100\nA_3=127.0.0.5:9100\n", Members());
        await NotifyAsync("close", "", "");
        Assert.Equal([$"reload-or-restart {Server}", $"reload-or-restart {Server}", $"stop {Server}"], Asked());
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }

    private static string Page() => File.ReadAllText(Repository.Path("docs", "tasks", "from-tcp-proxy.md"));

    private string[] Environment() => [$"PATH={_folder}:{System.Environment.GetEnvironmentVariable("PATH")}", $"LEGACY_FOLDER={_folder}"];

    private Task<string> NotifyAsync(string kind, string channel, string members, string listening = "1", string boot = "first")
    {
        var isChange = kind == "change";
        string[] values =
        [
            .. Environment(),
            $"CHANNEL_EVENT={kind}",
            $"CHANNEL_NAME={channel}",
            $"CHANNEL_BOOT={boot}",
            "CHANNEL_BIND_IP=127.0.0.12",
            $"CHANNEL_LISTENING={(isChange ? listening : "")}",
            $"CHANNEL_MEMBERS={members}",
            $"CHANNEL_MEMBER_COUNT={(isChange ? $"{members.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length}" : "")}",
        ];
        return Programs.RunAsync("env", "", [.. values, "sh", $"{_folder}/adapter"]);
    }

    private string[] Asked() => Read("asked").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string Members() => Read("members");

    private string Read(string file) => File.Exists($"{_folder}/{file}") ? File.ReadAllText($"{_folder}/{file}") : "";
}
