using System.CommandLine;
using System.Text.Json.Nodes;
using Proxy.Host.Cli;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.Cli.Documents;

/// <summary>The commands on documents that hosts share, with a real etcd and no host.</summary>
public sealed class ConfigCommandTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("proxy-config-");
    private EtcdServer _etcd = null!;

    public async Task InitializeAsync()
    {
        if (Programs.Find("etcd") is not null && Programs.Find("etcdctl") is not null)
        {
            _etcd = await EtcdServer.StartAsync();
            await WriteHostAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task Config_DocumentIsPutEditedAndRestored_EachStepIsTold()
    {
        var (one, two) = (await WriteAsync("one.json", "127.0.0.1:0", "one"), await WriteAsync("two.json", "127.0.0.1:0", "two"));
        Assert.Equal(
            (2, "", "etcd:fleet does not exist in the engine; write it with 'proxy config put fleet FILE'.\n"),
            await RunAsync("get", "fleet")
        );
        Assert.Equal((0, "etcd:fleet is written, revision 2.\n", ""), await RunAsync("put", "fleet", one));
        Assert.Equal(
            (0, "etcd:fleet has this text already, in revision 2; nothing is written.\n", ""),
            await RunAsync("put", "etcd:fleet", one)
        );
        var (exit, text, hint) = await RunAsync("get", "fleet");
        Assert.Equal((0, await File.ReadAllTextAsync(one)), (exit, text));
        Assert.Contains("is of revision 2; put an edit of it with --revision 2", hint, StringComparison.Ordinal);

        var (_, difference, _) = await RunAsync("diff", "fleet", two);
        Assert.StartsWith("3 differences to etcd:fleet, revision 2.\n", difference, StringComparison.Ordinal);
        Assert.Contains("~ ReverseProxy:TcpRoutes:r:ClusterId: \"one\" -> \"two\"\n", difference, StringComparison.Ordinal);
        Assert.Equal(
            (0, "etcd:fleet is written, revision 3: 3 differences to revision 2.\n", ""),
            await RunAsync("put", "fleet", two, "--revision", "2")
        );
        var (refused, _, why) = await RunAsync("put", "fleet", one, "--revision", "2");
        Assert.Equal(2, refused);
        Assert.StartsWith(
            "The text was made of revision 2, and etcd:fleet is of revision 3 by now; nothing is written.",
            why,
            StringComparison.Ordinal
        );

        Assert.Equal(0, (await RunAsync("put", "fleet", "--from-revision", "2")).Exit);
        Assert.Equal(await File.ReadAllTextAsync(one), (await RunAsync("get", "fleet")).Output);
        Assert.Equal(await File.ReadAllTextAsync(two), (await RunAsync("get", "fleet", "--revision", "3")).Output);
        var history = JsonNode.Parse((await RunAsync("history", "fleet", "-o", "json")).Output)!.AsArray();
        Assert.Equal(["4 True", "3 False", "2 False"], history.Select(static one => $"{one!["revision"]} {(bool)one["current"]!}"));
        Assert.EndsWith($"@{Environment.MachineName}", (string?)history[0]!["by"], StringComparison.Ordinal);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task Put_WhatAHostWouldRefuse_IsNotWritten()
    {
        var good = await WriteAsync("good.json", "127.0.0.1:0", "one");
        await RunAsync("put", "fleet", good);
        var bad = await WriteAsync("bad.json", "127.0.0.1", "one");
        var secret = FileOf("secret.json");
        await File.WriteAllTextAsync(
            secret,
            """{ "Admin": { "Url": "http://127.0.0.1:1", "Token": "0123456789abcdef" }, "ReverseProxy": {} }"""
        );

        var (exit, told, why) = await RunAsync("put", "fleet", bad);
        Assert.Equal((2, "etcd:fleet is not written.\n"), (exit, why));
        Assert.StartsWith("etcd:fleet line 1: ReverseProxy:TcpRoutes:r:Listen: ", told, StringComparison.Ordinal);
        (exit, told, _) = await RunAsync("put", "fleet", secret);
        Assert.Equal(2, exit);
        Assert.StartsWith("etcd:fleet line 1: Admin:Token: is a secret", told, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("put", "fleet", FileOf("missing.json"))).Exit);
        Assert.Equal(2, (await RunAsync("put", "fle/et", good)).Exit);
        Assert.Equal(await File.ReadAllTextAsync(good), (await RunAsync("get", "fleet")).Output);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task Config_EngineCannotBeReachedOrIsNotNamed_IsTold()
    {
        var good = await WriteAsync("good.json", "127.0.0.1:0", "one");
        await _etcd.KillAsync();
        await WriteHostAsync(", \"Timeout\": \"00:00:01\""); // nothing answers

        var (exit, _, why) = await RunAsync("put", "fleet", good);
        Assert.Equal(1, exit);
        Assert.StartsWith("etcd:fleet cannot be read: ", why, StringComparison.Ordinal);
        (exit, _, why) = await InvokeAsync("config", "get", "fleet", "--config", good);
        Assert.Equal(2, exit);
        Assert.StartsWith("Engine: is missing, and etcd:fleet is read from the engine;", why, StringComparison.Ordinal);
    }

    [RealServerFact("etcd", "etcdctl")]
    public async Task Check_DocumentAmongTheFiles_IsReadAndCheckedWithThem()
    {
        await RunAsync("put", "fleet", await WriteAsync("good.json", "127.0.0.1:0", "one"));
        var local = FileOf("local.json");
        await File.WriteAllTextAsync(
            local,
            """{ "ReverseProxy": { "TcpRoutes": { "own": { "Listen": "127.0.0.2:0", "ClusterId": "nowhere" } } } }"""
        );

        Assert.Equal(0, (await InvokeAsync("check", "--strict", FileOf("host.json"), "etcd:fleet")).Exit);
        var (exit, told, _) = await InvokeAsync("check", FileOf("host.json"), "etcd:fleet", local);
        Assert.Equal(2, exit);
        Assert.Contains("no cluster 'nowhere'; known clusters: 'one'.", told, StringComparison.Ordinal);
        var (missing, _, why) = await InvokeAsync("check", FileOf("host.json"), "etcd:other");
        Assert.Equal((2, "etcd:other: does not exist in the engine; write it with 'proxy config put other FILE'.\n"), (missing, why));
    }

    private string FileOf(string name) => Path.Combine(_folder.FullName, name);

    private Task WriteHostAsync(string more = "") =>
        File.WriteAllTextAsync(
            FileOf("host.json"),
            $$"""{ "Engine": { "Group": "prod", "Etcd": { "Endpoints": ["{{_etcd.Endpoints[0]}}"] {{more}} } } }"""
        );

    private async Task<string> WriteAsync(string name, string listen, string cluster)
    {
        await File.WriteAllTextAsync(
            FileOf(name),
            $$$"""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "{{{listen}}}", "ClusterId": "{{{cluster}}}" } }, "Clusters": { "{{{cluster}}}": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:9" } } } } } }"""
        );
        return FileOf(name);
    }

    private Task<(int Exit, string Output, string Errors)> RunAsync(params string[] arguments) =>
        InvokeAsync(["config", .. arguments, "--config", FileOf("host.json")]);

    private static async Task<(int Exit, string Output, string Errors)> InvokeAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exit = await ProxyCommand
            .Create()
            .Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        return (exit, output.ToString(), errors.ToString());
    }
}
