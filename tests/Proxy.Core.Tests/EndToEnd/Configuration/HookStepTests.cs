using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Proxy.Configuration;
using Proxy.Configuration.Locking;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

public sealed class HookStepTests
{
    [Fact]
    public void Read_Steps_AsWritten()
    {
        var (steps, errors) = Read(
            """
            { "Exec": ["systemctl", "restart", "soffice"], "Every": 20, "AfterTimeout": true, "Timeout": "00:01:00" },
            { "WaitForPort": "closed" }, { "Http": "http://h/x" }, { "Delay": "00:00:01" }, { "Hook": "KNOWN" }
            """
        );

        Assert.Empty(errors);
        Assert.Equal(["systemctl", "restart", "soffice"], steps[0].Exec!);
        Assert.Equal((20, true, TimeSpan.FromMinutes(1)), (steps[0].Every, steps[0].AfterTimeout, steps[0].Timeout));
        Assert.Equal(new HookStepConfig { WaitForPort = PortState.Closed, Timeout = TimeSpan.FromSeconds(30) }, steps[1]);
        Assert.Equal(new HookStepConfig { Http = "http://h/x" }, steps[2]);
        Assert.Equal(new HookStepConfig { Delay = TimeSpan.FromSeconds(1) }, steps[3]);
        Assert.Equal(new HookStepConfig { Hook = "KNOWN" }, steps[4]);
    }

    [Theory]
    [InlineData("{}", "Steps:0: does nothing; give it one of Exec, Http, WaitForPort, Delay or Hook.")]
    [InlineData("""{ "Every": 2 }""", "Steps:0: does nothing; give it one of Exec, Http, WaitForPort, Delay or Hook.")]
    [InlineData("""{ "Hook": "known" }, 5""", "Steps:1: '5' is a value; an object with keys is expected here.")]
    [InlineData("""{ "Exe": ["a"] }""", "Steps:0:Exe: unknown key; did you mean 'Exec'?")]
    [InlineData("""{ "Delay": "5" }""", "Steps:0:Delay: '5' has no unit; for 5 seconds write '00:00:05'.")]
    [InlineData(
        """{ "Delay": "00:00:01", "Http": "http://h" }""",
        "Steps:0: has Http and Delay; a step does one thing, so make them several steps."
    )]
    [InlineData("""{ "Exec": [] }""", "Steps:0:Exec: names no program; write [\"/path/to/program\", \"argument\"].")]
    [InlineData("""{ "Exec": ["", "a"] }""", "Steps:0:Exec: names no program; write [\"/path/to/program\", \"argument\"].")]
    [InlineData("""{ "Exec": ["a", "b\u0000c"] }""", "Steps:0:Exec: contains a zero character, which arguments cannot have; remove it.")]
    [InlineData("""{ "Exec": "reboot" }""", "Steps:0:Exec: a list is expected here: [ … ].")]
    [InlineData("""{ "Http": "/hung" }""", "Steps:0:Http: '/hung' is no absolute URL; write http://host/path or https://host/path.")]
    [InlineData("""{ "Http": "ftp://h" }""", "Steps:0:Http: 'ftp://h' is no absolute URL; write http://host/path or https://host/path.")]
    [InlineData(
        """{ "Http": "http://u:p@h/" }""",
        "Steps:0:Http: has a user name or password, which are not sent; leave out what stands before '@'."
    )]
    [InlineData("""{ "Hook": "other" }""", "Steps:0:Hook: no hook 'other'; known hooks: 'known'.")]
    [InlineData("""{ "Hook": "known", "Every": 0 }""", "Steps:0:Every: 0 is out of range; 1 to 2147483647 is allowed.")]
    [InlineData(
        """{ "Hook": "known", "Timeout": "None" }""",
        "Steps:0:Timeout: 'None' is not possible here; write a duration such as '00:00:30'."
    )]
    [InlineData("""{ "Hook": "known", "Timeout": "00:00:00" }""", "Steps:0:Timeout: must be more than zero.")]
    [InlineData("""{ "WaitForPort": "Shut" }""", "Steps:0:WaitForPort: 'Shut' is not one of 'Open', 'Closed'.")]
    public void Check_Mistake_IsToldOnce(string steps, string error) => Assert.Equal([error], Read(steps).Errors);

    [Theory]
    [InlineData(
        """{ "Delay": "00:00:01", "Every": 2 }""",
        "Steps:0:Every: is possible in OnActivate only, where activations are counted; leave it out."
    )]
    [InlineData(
        """{ "Delay": "00:00:01", "AfterTimeout": true }""",
        "Steps:0:AfterTimeout: is possible in OnActivate only, which a timeout may have preceded; leave it out."
    )]
    public void Check_CountOutsideOnActivate_IsAnError(string steps, string error)
    {
        Assert.Equal([error], Read(steps, HookListKind.Destination).Errors);
        Assert.Equal([error], Read(steps, HookListKind.Plain).Errors);
    }

    [Fact]
    public void Check_WaitForPort_NeedsADestination()
    {
        const string Step = """{ "WaitForPort": "Open" }""";

        Assert.Empty(Read(Step, HookListKind.Destination).Errors);
        Assert.Equal(
            ["Steps:0:WaitForPort: is not possible here, since there is no destination whose port it could be; leave it out."],
            Read(Step, HookListKind.Plain).Errors
        );
    }

    private static (IReadOnlyList<HookStepConfig> Steps, IEnumerable<string> Errors) Read(
        string steps,
        HookListKind kind = HookListKind.Activation
    )
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Steps": [ {{steps}} ] }"""));
        var configuration = new ConfigurationBuilder().AddJsonStream(json).Build();
        var problems = new ProblemList(configuration, ProxyDocument.Shape(wholeDocument: true));
        var root = ConfigTree.Read(configuration, ProxyDocument.Shape(wholeDocument: true), problems, CancellationToken.None);
        var read = new ConfigWalker(problems, wholeDocument: true, CancellationToken.None).Read(
            root,
            ConfigTypes.Options.GetTypeInfo(typeof(Document)),
            null
        );
        var document = read.Deserialize<Document>(ConfigTypes.Options)!;
        new HookStepValidator(kind, new ConfigNames { Hooks = ["known"] }, problems).Check(document.Steps, "Steps");
        return (document.Steps, problems.Errors.Select(static error => error.ToString()));
    }

    private sealed record Document
    {
        public IReadOnlyList<HookStepConfig> Steps { get; init; } = [];
    }
}
