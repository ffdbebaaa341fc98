using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Deploy;

/// <summary>The container image and the files that deploy it, as far as they can be tested without a container engine.</summary>
public sealed class ContainerTests : IDisposable
{
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(5); // the time that the host needs after the drain
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public void Containerfile_Image_IsSmallPinnedAndNotRoot()
    {
        var lines = File.ReadAllLines(DeployFiles.Path("container", "Containerfile"));

        var images = lines.Where(static line => line.StartsWith("FROM ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, images.Count);
        Assert.All(images, static image => Assert.Matches(@"^FROM \$\{DOTNET\}/\w+:10\.0", image));
        Assert.Contains("chiseled", images[^1], StringComparison.Ordinal);
        Assert.Single(lines, static line => Regex.IsMatch(line, "^USER [1-9][0-9]*:[1-9][0-9]*$"));
        Assert.DoesNotContain(lines, static line => line.StartsWith("HEALTHCHECK", StringComparison.Ordinal));
    }

    [RealServerFact("python3")]
    public async Task Compose_Proxy_IsHardenedAndHasTimeToDrain()
    {
        var compose = (await DeployFiles.YamlAsync("container", "compose.yml"))[0];
        var proxy = compose.GetProperty("services").GetProperty("proxy");
        var revision = Read(await File.ReadAllTextAsync(DeployFiles.Path("container", "proxy.json")));

        Assert.Equal("true", proxy.GetProperty("read_only").GetString());
        Assert.Equal("ALL", proxy.GetProperty("cap_drop")[0].GetString());
        var grace = Seconds(proxy.GetProperty("stop_grace_period").GetString()!);
        Assert.True(grace >= TimeToStop(revision), $"stop_grace_period has to be {TimeToStop(revision)} at least.");
        var ports = proxy.GetProperty("ports").EnumerateArray().Select(static port => int.Parse(port.GetString()!.Split(':')[^1], null));
        Assert.Equal(Ports(revision), ports);
        Assert.True(compose.GetProperty("services").TryGetProperty("redis", out _));
    }

    [RealServerFact("python3")]
    public async Task Kubernetes_Deployment_IsProbedAndHardenedAndHasTimeToDrain()
    {
        var documents = await DeployFiles.YamlAsync("kubernetes", "proxy.yaml");
        var pod = Kind(documents, "Deployment").GetProperty("spec").GetProperty("template").GetProperty("spec");
        var container = pod.GetProperty("containers")[0];
        var revision = Read(Kind(documents, "ConfigMap").GetProperty("data").GetProperty("proxy.json").GetString()!);

        var grace = TimeSpan.FromSeconds(int.Parse(pod.GetProperty("terminationGracePeriodSeconds").GetString()!, null));
        Assert.True(grace > TimeToStop(revision), $"terminationGracePeriodSeconds has to be more than {TimeToStop(revision)}.");
        Assert.InRange(revision.Config.ShutdownDelay, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

        var ports = container
            .GetProperty("ports")
            .EnumerateArray()
            .ToDictionary(static port => Text(port, "name"), static port => int.Parse(Text(port, "containerPort"), null));
        Assert.Equal(Ports(revision), ports.Values);
        Assert.Equal(("/healthz/live", "admin"), Probed(container, "startupProbe"));
        Assert.Equal(("/healthz/live", "admin"), Probed(container, "livenessProbe"));
        // A probe of the proxied port would open a connection to the upstream each time.
        Assert.Equal(("/healthz/ready", "admin"), Probed(container, "readinessProbe"));
        Assert.Contains("admin", ports.Keys);

        Assert.Equal("true", Text(pod.GetProperty("securityContext"), "runAsNonRoot"));
        var security = container.GetProperty("securityContext");
        Assert.Equal(("true", "false"), (Text(security, "readOnlyRootFilesystem"), Text(security, "allowPrivilegeEscalation")));
        Assert.Equal("ALL", security.GetProperty("capabilities").GetProperty("drop")[0].GetString());
        // Files that are mounted with a subPath are not updated after an edit.
        Assert.All(
            container.GetProperty("volumeMounts").EnumerateArray(),
            static mount => Assert.False(mount.TryGetProperty("subPath", out _))
        );
    }

    [RealServerFact("python3")]
    public async Task Kubernetes_Fleet_IsNamedByItsPodsAndReachesEtcdByItsSecret()
    {
        var documents = await DeployFiles.YamlAsync("kubernetes", "fleet.yaml");
        var pod = Kind(documents, "StatefulSet").GetProperty("spec").GetProperty("template").GetProperty("spec");
        var container = pod.GetProperty("containers")[0];
        // What is routed is in the document.
        var revision = Read(Kind(documents, "ConfigMap").GetProperty("data").GetProperty("host.json").GetString()!, "ReverseProxy");
        var engine = revision.Config.Engine!;

        var instance = container.GetProperty("env").EnumerateArray().Single(static one => Text(one, "name") == "Engine__Instance");
        Assert.Equal("metadata.name", Text(instance.GetProperty("valueFrom").GetProperty("fieldRef"), "fieldPath"));
        Assert.Equal(
            ["run", "--config", "/etc/proxy/host.json", "--config", "etcd:edge"],
            container.GetProperty("args").EnumerateArray().Select(static one => one.GetString())
        );
        var mounts = container.GetProperty("volumeMounts").EnumerateArray().ToDictionary(static one => Text(one, "name"));
        string[] files = [engine.Etcd!.Certificate!.Path!, engine.Etcd.Certificate.KeyPath!, engine.Etcd.CertificateAuthority!];
        var secret = documents.Single(static one => Text(one, "kind") == "Secret" && Text(one, "type") == "kubernetes.io/tls");
        Assert.All(files, file => Assert.Equal(Text(mounts["etcd"], "mountPath"), Path.GetDirectoryName(file)));
        Assert.All(files, file => Assert.True(secret.GetProperty("stringData").TryGetProperty(Path.GetFileName(file), out _)));
        Assert.All(engine.Etcd.Endpoints, static url => Assert.StartsWith("https://", url, StringComparison.Ordinal));
        // The root is read-only, and the copy of the document has to be written.
        Assert.Equal(Text(mounts["state"], "mountPath"), engine.StateFolder);
        Assert.False(mounts["state"].TryGetProperty("readOnly", out _));
        var security = container.GetProperty("securityContext");
        Assert.Equal(("true", "false"), (Text(security, "readOnlyRootFilesystem"), Text(security, "allowPrivilegeEscalation")));
        Assert.Equal(("/healthz/ready", "admin"), Probed(container, "readinessProbe"));
        Assert.Equal(("/healthz/live", "admin"), Probed(container, "livenessProbe"));
        Assert.Equal(
            Text(Kind(documents, "StatefulSet").GetProperty("spec"), "serviceName"),
            documents.Where(static one => Text(one, "kind") == "Service").Select(Name).Last()
        );
    }

    [RealServerFact("python3")]
    public Task Kubernetes_EveryObject_SelectsTheSamePods() =>
        SelectsTheSamePodsAsync(
            "proxy.yaml",
            "Deployment",
            "ConfigMap Secret Deployment Service Service PodDisruptionBudget NetworkPolicy"
        );

    [RealServerFact("python3")]
    public Task Kubernetes_EveryObjectOfTheFleet_SelectsTheSamePods() =>
        SelectsTheSamePodsAsync(
            "fleet.yaml",
            "StatefulSet",
            "ConfigMap Secret Secret StatefulSet Service Service PodDisruptionBudget NetworkPolicy"
        );

    private static async Task SelectsTheSamePodsAsync(string file, string kind, string kinds)
    {
        var documents = await DeployFiles.YamlAsync("kubernetes", file);
        Assert.Equal(kinds.Split(' '), documents.Select(static document => Text(document, "kind")));

        var template = Kind(documents, kind).GetProperty("spec").GetProperty("template");
        var labels = template.GetProperty("metadata").GetProperty("labels").GetRawText();
        var selectors = documents
            .Where(static document => document.TryGetProperty("spec", out _))
            .Select(static document => document.GetProperty("spec"))
            .Select(static spec => spec.TryGetProperty("selector", out var selector) ? selector : spec.GetProperty("podSelector"))
            .Select(static selector => selector.TryGetProperty("matchLabels", out var match) ? match : selector);
        Assert.All(selectors, selector => Assert.Equal(labels, selector.GetRawText()));
        var names = template
            .GetProperty("spec")
            .GetProperty("containers")[0]
            .GetProperty("ports")
            .EnumerateArray()
            .Select(static port => Text(port, "name"))
            .ToList();
        var served = documents
            .Where(static document => Text(document, "kind") == "Service")
            .SelectMany(static service => service.GetProperty("spec").GetProperty("ports").EnumerateArray())
            .Select(static port => Text(port, "targetPort"));
        Assert.Equal(names, served);
    }

    [RealServerFact("setpriv", "unshare", "mount")]
    public async Task Program_AnotherUserAndAReadOnlyRoot_RunsAndFollowsAConfigMap()
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
        {
            return;
        }

        using var server = new TcpServer("hello");
        var (first, second) = (Testing.Ports.Free(), Testing.Ports.Free());
        var mounted = Path.Combine(_folder.FullName, "mounted");
        await PublishAsync(mounted, "..2026_1", Config(first, server.Port));
        File.CreateSymbolicLink(Path.Combine(mounted, "proxy.json"), Path.Combine("..data", "proxy.json"));
        // Only its owner can read a folder that mktemp creates.
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0x1ED);
        using var proxy = new ProxyProcess(
            "exec env DOTNET_EnableDiagnostics=0 unshare --mount --propagation private sh -c "
                + "'mount --bind / / && mount -o remount,bind,ro / && shift && "
                + "exec setpriv --reuid=1654 --regid=1654 --clear-groups --no-new-privs --bounding-set=-all \"$@\"' sh",
            "run",
            "--config",
            Path.Combine(mounted, "proxy.json")
        );
        await ServedAsync(proxy, first);

        // As the kubelet does: a rename replaces the link of the folder, and the links of the files stay.
        await PublishAsync(mounted, "..2026_2", Config(second, server.Port));
        await ServedAsync(proxy, second);

        await proxy.SignalAsync("TERM");
        Assert.Equal(0, await proxy.ExitAsync());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task ServedAsync(ProxyProcess proxy, int port)
    {
        await Eventually.TrueAsync(() =>
            proxy.HasExited || proxy.Errors.Contains($"Endpoint 127.0.0.1:{port} listens", StringComparison.Ordinal)
        );
        Assert.False(proxy.HasExited, proxy.Errors);
        using var client = await TcpClientSocket.ConnectAsync(port);
        Assert.Equal("hello", await client.ReadAsync());
    }

    private static string Config(int port, int upstream) =>
        Json.Routes($$""" "r": { "Listen": "127.0.0.1:{{port}}", "ClusterId": "c" } """, upstream);

    private static async Task PublishAsync(string mounted, string version, string json)
    {
        Directory.CreateDirectory(Path.Combine(mounted, version));
        File.WriteAllText(Path.Combine(mounted, version, "proxy.json"), json);
        var next = Path.Combine(mounted, "..data_tmp");
        File.CreateSymbolicLink(next, version);
        // .NET cannot rename a link to a folder.
        await Programs.RunAsync("mv", "", "-T", next, Path.Combine(mounted, "..data"));
    }

    private Revision Read(string json, string? incomplete = null)
    {
        var file = Path.Combine(_folder.FullName, "checked.json");
        File.WriteAllText(file, json);
        var token = new Dictionary<string, string?> { ["Admin:Token"] = "from-the-environment" };
        using var root = (ConfigurationRoot)
            new ConfigurationBuilder().Add(new JsonFileSource(file) { Watch = false }).AddInMemoryCollection(token).Build();
        var result = TcpProxyExtensions.Check(root);
        Assert.Empty(result.Errors);
        Assert.DoesNotContain(result.Warnings, warning => warning.Path != incomplete);
        return result.Revision!;
    }

    private static TimeSpan TimeToStop(Revision revision) =>
        revision.Config.ShutdownDelay + revision.Config.ReverseProxy.TcpRoutes.Values.Max(static route => route.DrainTimeout) + _margin;

    private static List<int> Ports(Revision revision) =>
        [.. revision.Bindings.Select(static binding => binding.Address.Port), new Uri(revision.Config.Admin!.Url).Port];

    private static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(int.Parse(text.TrimEnd('s'), null));

    private static string Name(JsonElement document) => Text(document.GetProperty("metadata"), "name");

    private static JsonElement Kind(List<JsonElement> documents, string kind) =>
        documents.Single(document => Text(document, "kind") == kind);

    private static (string Path, string Port) Probed(JsonElement container, string probe)
    {
        var get = container.GetProperty(probe).GetProperty("httpGet");
        return (Text(get, "path"), Text(get, "port"));
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
