using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Pages;

/// <summary>The README, as a stranger follows it: every command that it shows, in its order.</summary>
public sealed class ReadmeTests
{
    [NetworkNamespaceFact("unshare", "curl", "mbpoll", "redis-server", "redis-cli")]
    public async Task Readme_EveryCommand_DoesWhatThePageSays()
    {
        await using var sandbox = await Sandbox.StartAsync("192.168.1.20");
        var (root, configuration) = (Repository.Path(), new DirectoryInfo(AppContext.BaseDirectory).Name);
        // What the tests were built from is not built again, and the tests do not run themselves.
        sandbox.AddProgram(
            "dotnet",
            $"""
            real='{Programs.Dotnet}'
            case "$1" in
              pack) shift; for project in Proxy.Core Proxy.Host; do "$real" pack --no-build -c {configuration} "$@" '{root}'/src/$project || exit; done ;;
              run) cd '{root}' && exec "$real" "$@" --no-build -c {configuration} ;;
              test) cd '{root}' && test -e Proxy.Host.sln ;;
              *) exec "$real" "$@" ;;
            esac
            """
        );
        await sandbox.RequireAsync("export DOTNET_CLI_HOME=$PWD PATH=$PWD/.dotnet/tools:$PATH; redis-server --save '' > redis.log &");
        var run = new PageRun(sandbox)
        {
            // These run until they are stopped, and the reader opens another terminal.
            Instead =
            {
                ["proxy demo"] = "proxy demo &",
                ["dotnet run --project src/Proxy.Host"] =
                    "pkill -f 'proxy demo'; while pgrep -f 'proxy demo' > pids; do sleep 0.1; done; dotnet run --project src/Proxy.Host &",
            },
        };

        await run.RunAsync(Page.Read("README.md"));

        await Eventually.TrueAsync(async () =>
            (await sandbox.RunAsync("curl -s http://127.0.0.1:9099/healthz/ready")).Output.Contains("\"ready\"", StringComparison.Ordinal)
        );
        Assert.Contains(
            "proxy.json",
            await sandbox.RequireAsync("curl -s http://127.0.0.1:9099/api/configuration"),
            StringComparison.Ordinal
        );
    }
}
