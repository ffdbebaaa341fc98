using Proxy.Host.Cli.Init;

namespace Proxy.Host.Tests.Cli.Init;

/// <summary>The questions of <c>proxy init</c> and what becomes of the answers.</summary>
public sealed class InterviewTests
{
    [Fact]
    public async Task Run_NumbersAndDefaults_AreTaken()
    {
        var (problem, answers, _) = await AskAsync("3", "1", "192.168.1.20:502", "", "none");

        Assert.Null(problem);
        Assert.Equal(("multiplex", "inverter", "*:1502"), (answers[Questions.Kind], answers[Questions.Device], answers[Questions.Listen]));
        Assert.DoesNotContain("\"Admin\"", FirstConfig.Write(answers), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WrongAnswers_AreAskedAgainWithTheReason()
    {
        var (problem, answers, output) = await AskAsync("nine", "Forward", "", "nonsense", "127.0.0.1:6379", "example.com:80", "7000", "");

        Assert.Null(problem);
        Assert.Contains("'nine' is none of them", output, StringComparison.Ordinal);
        Assert.Contains("An answer is needed.", output, StringComparison.Ordinal);
        Assert.Contains("is no TCP address", output, StringComparison.Ordinal);
        Assert.Contains("'example.com'", output, StringComparison.Ordinal);
        Assert.Equal("7000", answers[Questions.Listen]);
    }

    [Fact]
    public async Task Run_KnownAnswers_AreNotAsked()
    {
        var answers = new Answers();
        (answers[Questions.Kind], answers[Questions.To]) = ("lock", "127.0.0.1:8100");

        var (problem, output) = await RunAsync(answers, "", "none", "");

        Assert.Null(problem);
        Assert.DoesNotContain(Questions.To.Text, output, StringComparison.Ordinal);
        Assert.Equal("none", answers[Questions.MaxHold]);
    }

    [Fact]
    public async Task Run_InputEnds_IsAProblem() =>
        Assert.Equal("The input has ended before the last question.", (await AskAsync("forward")).Problem);

    [Fact]
    public async Task Run_OwnInstanceIsNoMember_IsAskedAgain()
    {
        var (problem, answers, output) = await AskAsync(
            "channels",
            "plant_3",
            "plant_1=10.0.0.1:15000,plant_2=10.0.0.2:15000",
            "plant_1=10.0.0.1:15000,plant_3=10.0.0.3:15000",
            "server",
            "x",
            "9200",
            ""
        );

        Assert.Null(problem);
        Assert.Contains("the instance 'plant_3' is not among them", output, StringComparison.Ordinal);
        Assert.Contains("'x' is not a port", output, StringComparison.Ordinal);
        Assert.Contains("https://0.0.0.0:15000", FirstConfig.Write(answers), StringComparison.Ordinal);
    }

    private static async Task<(string? Problem, Answers Answers, string Output)> AskAsync(params string[] lines)
    {
        var answers = new Answers();
        var (problem, output) = await RunAsync(answers, lines);
        return (problem, answers, output);
    }

    private static async Task<(string? Problem, string Output)> RunAsync(Answers answers, params string[] lines)
    {
        using var input = new StringReader(string.Join('\n', lines) + "\n");
        using var output = new StringWriter();
        return (await new Interview(answers, input, output).RunAsync(CancellationToken.None), output.ToString());
    }
}
