using System.Text.Json;
using System.Text.Json.Serialization;

namespace Proxy.Host.Contracts;

/// <summary>How the API writes JSON: names in camelCase, enums as words, durations in seconds.</summary>
internal static class ApiJson
{
    /// <summary>The options of the endpoints, for code that writes JSON without them.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    public static void Configure(JsonSerializerOptions options)
    {
        options.NumberHandling = JsonNumberHandling.Strict;
        options.Converters.Add(new JsonStringEnumConverter());
        options.Converters.Add(new SecondsConverter());
    }

    /// <summary>Answers with an error status and an <see cref="ApiError"/>.</summary>
    public static Task WriteErrorAsync(HttpContext context, int status, string error)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new ApiError(error), Options);
    }

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Configure(options);
        return options;
    }

    private sealed class SecondsConverter : JsonConverter<TimeSpan>
    {
        private const int Digits = 6;
        private const double Longest = 1e9;

        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.GetDouble() is var seconds && Math.Abs(seconds) <= Longest
                ? TimeSpan.FromSeconds(seconds)
                : throw new JsonException("A duration is a number of seconds from -1e9 to 1e9.");

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(Math.Round(value.TotalSeconds, Digits));
    }
}
