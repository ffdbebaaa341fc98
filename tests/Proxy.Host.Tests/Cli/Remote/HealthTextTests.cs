using System.Globalization;
using Proxy.Conditions;
using Proxy.Diagnostics;
using Proxy.Host.Cli.Output;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Contracts;
using Proxy.Host.Hosting;

namespace Proxy.Host.Tests.Cli.Remote;

public sealed class HealthTextTests
{
    private static readonly DateTimeOffset _now = new(2030, 1, 1, 3, 12, 15, TimeSpan.Zero);

    [Fact]
    public void WriteConditions_NothingWrong_OneLine()
    {
        var text = Conditions(Answer(Condition.Ok(ConditionKind.Route, "r")), _now);

        Assert.Equal("health: nothing is known to be wrong (1 checked)", text.Trim());
    }

    [Fact]
    public void WriteConditions_ConditionsOfBothLevels_EachInALineWithSinceAndError()
    {
        var text = Conditions(
            Answer(
                new(ConditionKind.Destination, "c/d", ConditionLevel.Down, ConditionReason.ConnectFailed)
                {
                    Since = _now - TimeSpan.FromMinutes(12),
                    LastError = "refused\u001b[2J",
                },
                new(ConditionKind.Lock, "l", ConditionLevel.Degraded, ConditionReason.Paused)
            ),
            _now
        );

        Assert.Equal(
            [
                "health: 1 down, 1 degraded, 0 ok",
                @"! DOWN destination c/d: ConnectFailed since 2030-01-01 03:00:15Z (12m 0s): refused\u001b[2J",
                "! degraded lock l: Paused",
            ],
            text.Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries)
        );
    }

    [Fact]
    public void WriteConditions_HundredConditions_FiftyAndANumber()
    {
        var all = Enumerable
            .Range(0, 100)
            .Select(static i => new Condition(
                ConditionKind.Route,
                i.ToString(CultureInfo.InvariantCulture),
                ConditionLevel.Down,
                ConditionReason.ClientsFail
            ))
            .ToArray();

        var lines = Conditions(Answer(all), _now).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(52, lines.Length);
        Assert.Equal("! and 50 more: 'proxy conditions' lists all", lines[^1].Trim());
    }

    [Fact]
    public void WriteEnds_Many_TheNewestTen()
    {
        var ends = Enumerable
            .Range(0, 30)
            .Select(static i => new RecentEnd(
                _now,
                $"id{i}",
                ConnectionOutcome.UpstreamReset,
                "r",
                "c",
                "d",
                "127.0.0.1:5",
                TimeSpan.FromSeconds(3),
                1,
                2
            )
            {
                Failed = i % 2 == 0, // the others, such as clients that are denied, are not listed
            })
            .ToList();

        var text = Ends(ends);

        Assert.Contains("UpstreamReset", text, StringComparison.Ordinal);
        Assert.Contains("c/d", text, StringComparison.Ordinal);
        Assert.Contains(" id18\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain(" id1\n", text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("id20", text, StringComparison.Ordinal);
        Assert.Equal("", Ends([]));
    }

    [Fact]
    public void WriteConditions_Terminal_LevelsHaveTheirColors()
    {
        var text = Conditions(
            Answer(
                new(ConditionKind.Route, "r", ConditionLevel.Down, ConditionReason.ClientsFail) { LastError = "\e[32mrefused" },
                new(ConditionKind.Lock, "l", ConditionLevel.Degraded, ConditionReason.Paused)
            ),
            _now,
            new TerminalColors(areUsed: true)
        );

        Assert.Equal(
            [
                "\e[31mhealth: 1 down, 1 degraded, 0 ok\e[0m",
                @$"{"\e[31m"}! DOWN{"\e[0m"} route r: ClientsFail: \u001b[32mrefused",
                "\e[33m! degraded\e[0m lock l: Paused",
            ],
            text.Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries)
        );
    }

    private static string Conditions(ConditionsAnswer health, DateTimeOffset now, TerminalColors? colors = null)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        HealthText.WriteConditions(output, new(output, OutputFormat.Table, colors ?? TerminalColors.None), health, now);
        return output.ToString();
    }

    private static string Ends(IReadOnlyList<RecentEnd> ends)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture);
        HealthText.WriteEnds(output, new(output, OutputFormat.Table, TerminalColors.None), ends);
        return output.ToString();
    }

    private static ConditionsAnswer Answer(params Condition[] all) =>
        ConditionsAnswer.Of(all, static one => one.Level != ConditionLevel.Ok);
}
